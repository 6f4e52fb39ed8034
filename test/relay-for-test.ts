// relay-for-test.ts — the relay inside the test's own process, on a free port, with what its journal tells. Knows: options
// as a config file says them.
import { Journal } from '../server/journal.ts'
import type { LevelStoreOptions } from '../server/level-store.ts'
import { ListeningRelay } from '../server/listening.ts'
import { optionsFromConfig } from '../server/option-sources.ts'
import type { Config } from '../server/option-sources.ts'

export type JournalLine = { readonly code: string; readonly level: string } & Readonly<
  Record<string, unknown>
>

type Around = {
  /** What the journal tells is put here. */
  readonly lines?: JournalLine[]
  readonly onLine?: () => void
  /** A disk that fails when it is told to. */
  readonly database?: LevelStoreOptions['database']
}

export function relayForTest(
  config: Config,
  { lines = [], onLine, database }: Around = {},
): Promise<ListeningRelay> {
  const options = optionsFromConfig({ port: 0, ...config })
  const write = (line: string) => {
    lines.push(JSON.parse(line))
    onLine?.()
  }
  const journal = new Journal({ level: options.logLevel, to: { write }, now: () => Date.now() })
  return ListeningRelay.start(options, journal, database)
}
