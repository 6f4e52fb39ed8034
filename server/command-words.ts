// command-words.ts — the words of a command line, parted into flags and the rest, and what is wrong with them in a sentence. Must
// not know: which commands there are.
import { parseArgs } from 'node:util'
import type { ParseArgsConfig } from 'node:util'
import { RelayError } from './relay-error.ts'

type Flags = NonNullable<ParseArgsConfig['options']>
type Parted<Known extends Flags> = ReturnType<
  typeof parseArgs<{ args: string[]; allowPositionals: true; options: Known }>
>

export function partedWords<Known extends Flags>(words: readonly string[], known: Known): Parted<Known> {
  try {
    return parseArgs({ args: [...words], allowPositionals: true, options: known })
  } catch (error) {
    throw badOption(problemIn(error instanceof Error ? error.message : String(error)))
  }
}

export function badOption(problem: string): RelayError {
  return new RelayError('bad-option', problem)
}

/** Node's own words are of what its caller has to write. */
function problemIn(message: string): string {
  const [, unknown] = /^Unknown option '(.+?)'/.exec(message) ?? []
  if (unknown !== undefined) return `${unknown} is not an option.`
  const [, mute] = /^Option '(?:-\w, )?(--[\w-]+)(?: <value>)?' argument /.exec(message) ?? []
  if (mute !== undefined) return `${mute} needs a value behind it.`
  const [, talkative] = /^Option '(?:-\w, )?(--[\w-]+)' does not take an argument/.exec(message) ?? []
  return talkative === undefined ? message : `${talkative} takes no value.`
}
