// command.ts — what the words of a command line ask for. Knows: the commands and which words each takes. Must not know:
// how anything is done.
import type { ParseArgsConfig } from 'node:util'
import { badOption, partedWords } from './command-words.ts'
import { optionsFrom } from './option-sources.ts'
import type { Environment } from './option-sources.ts'
import { flagOf, optionNames, options } from './options.ts'
import type { Options } from './options.ts'
import type { Restoring } from './restore.ts'
import { readTokenWords } from './token-words.ts'
import type { TokenCommand } from './token-words.ts'

export type Command =
  | { readonly name: 'help' }
  | { readonly name: 'serve'; readonly options: Options }
  | { readonly name: 'backup'; readonly data: string; readonly folder: string }
  | ({ readonly name: 'restore' } & Restoring)
  | { readonly name: 'health'; readonly options: Options }
  /** The data when no folder is named. */
  | { readonly name: 'verify'; readonly data: string; readonly folder: string | undefined }
  | TokenCommand

const flagged = optionNames.filter((name) => options[name].saidIn === 'everywhere')

export async function readCommand(words: readonly string[], environment: Environment): Promise<Command> {
  if (words[0] === 'token' && !words.includes('--help'))
    return readTokenWords(words.slice(1), environment, Date.now())
  const { flags, config, isHelp, revokesTokens, name, folders } = parse(words)
  if (isHelp) return { name: 'help' }
  if (revokesTokens && name !== 'restore') throw badOption(`${name} takes no --revoke-tokens.`)
  if (name !== 'serve' && name !== 'health') {
    const wrong = Object.keys(flags).find((flag) => flag !== 'data')
    if (wrong !== undefined) throw badOption(`${name} takes no --${wrong}.`)
  }
  const all = await optionsFrom(flags, environment, config)
  const [folder, ...more] = folders
  switch (name) {
    case 'serve':
    case 'health':
      if (folder !== undefined) throw badOption(`${name} takes no «${folder}».`)
      return { name, options: all }
    case 'backup':
    case 'restore':
      if (folder === undefined || more.length > 0)
        throw badOption(`${name} takes one folder: syncline ${name} FOLDER.`)
      if (name === 'restore' && flags['data'] === undefined)
        throw badOption('restore makes a new data folder, which --data has to name.')
      return name === 'restore'
        ? { name, data: all.data, folder, revokesTokens }
        : { name, data: all.data, folder }
    case 'verify':
      if (more.length > 0) throw badOption('verify takes one folder at most.')
      return { name, data: all.data, folder }
    default:
      throw badOption(`«${name}» is not a command.`)
  }
}

type Words = {
  readonly flags: Readonly<Record<string, string>>
  readonly config: string | undefined
  readonly isHelp: boolean
  readonly revokesTokens: boolean
  readonly name: string
  readonly folders: readonly string[]
}

function parse(words: readonly string[]): Words {
  const byFlag = new Map(flagged.map((name) => [flagOf(name).slice(2), name]))
  const known: NonNullable<ParseArgsConfig['options']> = {
    help: { type: 'boolean', short: 'h' },
    config: { type: 'string', multiple: true },
    'revoke-tokens': { type: 'boolean' },
  }
  for (const flag of byFlag.keys()) known[flag] = { type: 'string', multiple: true }
  const { values, positionals } = partedWords(words, known)
  const flags: Record<string, string> = {}
  for (const [flag, name] of byFlag) {
    const said = values[flag]
    // One that takes a list may be said again and again.
    if (Array.isArray(said)) flags[name] = said.join(',')
  }
  const [name = 'serve', ...folders] = positionals
  const { config, help, 'revoke-tokens': revokesTokens } = values
  return {
    flags,
    config: Array.isArray(config) ? String(config.at(-1)) : undefined,
    isHelp: help === true,
    revokesTokens: revokesTokens === true,
    name,
    folders,
  }
}
