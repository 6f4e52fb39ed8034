// profile.ts — where a profiled server's time went: the functions with the most time of their own. Knows: V8's files of
// CPU profiles. Must not know: what was measured.
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const functionsShown = 25
const notWork = '(idle)'

type Profile = {
  readonly nodes: readonly {
    id: number
    callFrame: { functionName: string; url: string; lineNumber: number }
  }[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

export class Profiles {
  readonly #folder: string
  readonly #seen = new Set<string>()

  constructor(folder: string) {
    this.#folder = folder
    mkdirSync(folder, { recursive: true })
    for (const file of readdirSync(folder)) this.#seen.add(file)
  }

  /** Of the processes that ended since the last call. */
  textOfNew(): string {
    const ownMicros = new Map<string, number>()
    for (const file of readdirSync(this.#folder)) {
      if (!file.endsWith('.cpuprofile') || this.#seen.has(file)) continue
      this.#seen.add(file)
      addOwnTimes(JSON.parse(readFileSync(join(this.#folder, file), 'utf8')), ownMicros)
    }
    ownMicros.delete(notWork)
    const whole = [...ownMicros.values()].reduce((sum, micros) => sum + micros, 0)
    const lines = [...ownMicros]
      .toSorted(([, one], [, other]) => other - one)
      .slice(0, functionsShown)
      .map(([name, micros]) => {
        const share = ((100 * micros) / whole).toFixed(1)
        return `${(micros / 1_000).toFixed(0).padStart(8)} ms ${share.padStart(5)} %  ${name}\n`
      })
    return `  ${(whole / 1_000).toFixed(0)} ms of work on JavaScript's threads, start included\n${lines.join('')}`
  }
}

function addOwnTimes({ nodes, samples, timeDeltas }: Profile, ownMicros: Map<string, number>): void {
  const names = new Map(
    nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => {
      const place = url === '' ? '' : ` ${url.split('/').slice(-2).join('/')}:${lineNumber + 1}`
      return [id, `${functionName || '(anonymous)'}${place}`]
    }),
  )
  for (const [index, id] of samples.entries()) {
    const name = (names.get(id) ?? '?').replace(/^\(idle\).*/, notWork)
    ownMicros.set(name, (ownMicros.get(name) ?? 0) + (timeDeltas[index] ?? 0))
  }
}
