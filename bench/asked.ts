// asked.ts — the words of `npm run bench -- …`. Must not know: what a bench measures.
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Bench, Load } from './figures.ts'
import { targetNames } from './target.ts'
import type { Places, TargetName } from './target.ts'

export type Asked = Places &
  Load & {
    readonly names: readonly string[]
    /** All if none is named. */
    readonly targets: readonly TargetName[]
    readonly runs: number
    readonly json: boolean
  }

const here = fileURLToPath(new URL('..', import.meta.url))
const documentsDefault = 10_000
const editsDefault = 100_000

/** Or what cannot be understood. */
export function readAsked(words: readonly string[], known: readonly string[]): Asked | { problem: string } {
  const said = parsed([...words])
  if (said instanceof Error) return { problem: said.message }
  const { values, positionals } = said
  const targets = values.targets?.split(',') ?? []
  const names = positionals.includes('all') || positionals.length === 0 ? known : positionals
  const stranger = [...names.filter((name) => !known.includes(name)), ...targets.filter(isNoTarget)][0]
  if (stranger !== undefined) return { problem: `There is no «${stranger}».` }
  const documents = Number(values.documents ?? documentsDefault)
  const edits = Number(values.edits ?? editsDefault)
  const runs = Number(values.runs ?? 1)
  if (![documents, edits, runs].every((number) => Number.isInteger(number) && number > 0))
    return { problem: '--documents, --edits and --runs take whole numbers.' }
  const { json = false, traces } = values
  const folder = (name: string | undefined) => (name === undefined ? undefined : resolve(name))
  return {
    names,
    targets: targets.filter(isTargetName),
    documents,
    edits,
    runs,
    json,
    traces,
    peers: folder(values.peers ?? process.env['SYNCLINE_PEERS']),
    profile: folder(values.profile),
    relay: resolve(values.relay ?? here),
  }
}

function parsed(args: string[]) {
  const word = { type: 'string' } as const
  const json = { type: 'boolean' } as const
  const options = {
    documents: word,
    edits: word,
    json,
    peers: word,
    profile: word,
    relay: word,
    runs: word,
    targets: word,
    traces: word,
  }
  try {
    return parseArgs({ args, allowPositionals: true, options })
  } catch (error) {
    if (error instanceof TypeError) return error
    throw error
  }
}

function isNoTarget(word: string): boolean {
  return !isTargetName(word)
}

function isTargetName(word: string): word is TargetName {
  return targetNames.some((name) => name === word)
}

export function usage(benches: readonly Bench[]): string {
  const lines = benches.map(({ name, about }) => `  ${name.padEnd(12)} ${about}`)
  return `npm run bench -- [NAME …] [--targets ${targetNames.join(',')}] [--runs N] [--json]
                 [--peers DIR] [--traces DIR] [--documents N] [--edits N] [--relay DIR] [--profile DIR]
${lines.join('\n')}
`
}
