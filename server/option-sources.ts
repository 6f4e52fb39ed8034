// option-sources.ts — the options in force: flags before variables, variables before the config file, the file before
// defaults. Knows: where a value was said, so that whoever said a wrong one finds it. Must not know: what is done with it.
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { OptionFault } from './option-kinds.ts'
import { flagOf, isOptionName, optionNames, options, variableOf } from './options.ts'
import type { OptionName, Options } from './options.ts'
import { readNamedFile } from './named-file.ts'
import { RelayError } from './relay-error.ts'

/** All of it, or some: what a config file says. */
export type Config = { readonly [Name in OptionName]?: Options[Name] | string | undefined }

export type Environment = Readonly<Record<string, string | undefined>>

type Said = { readonly given: unknown; readonly where: string }

export const configFile = 'syncline.config.js'

const configVariable = 'SYNCLINE_CONFIG'

/** `flags` by option; an option that was said several times is a list. */
export async function optionsFrom(
  flags: Readonly<Record<string, string>>,
  environment: Environment,
  config: string | undefined,
): Promise<Options> {
  const said = new Map<OptionName, Said>()
  const file = config ?? environment[configVariable] ?? (existsSync(configFile) ? configFile : undefined)
  if (file !== undefined) sayAll(said, await readConfig(file), (name) => `${name} in ${file}`)
  sayAll(said, fromEnvironment(environment), variableOf)
  sayAll(said, flags, flagOf)
  return settled(said)
}

/** For those who embed the relay: they say it in their program. */
export function optionsFromConfig(config: Config): Options {
  const said = new Map<OptionName, Said>()
  for (const name of Object.keys(config))
    if (!isOptionName(name)) throw unknownKey(name, 'the options of createRelay')
  sayAll(said, config, (name) => `The option ${name}`)
  return settled(said)
}

async function readConfig(file: string): Promise<object> {
  await readNamedFile(file, 'The config file', 'bad-option')
  if (!/\.[cm]?js$/.test(file))
    throw new RelayError(
      'bad-option',
      `${file} is no config file: those are JavaScript, and end with .js or .mjs.`,
    )
  let module: { default?: unknown }
  try {
    module = await import(pathToFileURL(resolve(file)).href)
  } catch (error) {
    throw new RelayError(
      'bad-option',
      `${file} cannot be loaded: ${error instanceof Error ? error.message : String(error)}. Mend it, or name another.`,
    )
  }
  const { default: config } = module
  if (typeof config !== 'object' || config === null)
    throw new RelayError(
      'bad-option',
      `${file} has no options as its default export: export default defineConfig({ … }).`,
    )
  for (const name of Object.keys(config)) if (!isOptionName(name)) throw unknownKey(name, file)
  return config
}

function unknownKey(name: string, where: string): RelayError {
  return new RelayError('bad-option', `«${name}» in ${where} is not an option.`)
}

function fromEnvironment(environment: Environment): Readonly<Record<string, string>> {
  const nameOf = new Map(optionNames.map((name) => [variableOf(name), name]))
  const said: Record<string, string> = {}
  for (const [variable, value] of Object.entries(environment)) {
    if (!variable.startsWith('SYNCLINE_') || variable === configVariable || value === undefined) continue
    const name = nameOf.get(variable)
    if (name === undefined || options[name].saidIn === 'fileOnly')
      throw new RelayError('bad-option', `The variable ${variable} is not an option.`)
    said[name] = value
  }
  return said
}

/** What is wrong is told also where something else goes before it: once that is gone the relay would not start. */
function sayAll(said: Map<OptionName, Said>, from: object, where: (name: OptionName) => string): void {
  for (const [name, given] of Object.entries(from)) {
    if (!isOptionName(name) || given === undefined) continue
    const here = { given, where: where(name) }
    valueOf(name, here)
    said.set(name, here)
  }
}

function settled(said: ReadonlyMap<OptionName, Said>): Options {
  const value = <Name extends OptionName>(name: Name): Options[Name] => valueOf(name, said.get(name))
  const all: Options = {
    port: value('port'),
    host: value('host'),
    data: value('data'),
    durability: value('durability'),
    pathPrefix: value('pathPrefix'),
    origins: value('origins'),
    tlsCert: value('tlsCert'),
    tlsKey: value('tlsKey'),
    trustedProxies: value('trustedProxies'),
    tokenSecret: value('tokenSecret'),
    tokenSecretFile: value('tokenSecretFile'),
    tokenPublicKey: value('tokenPublicKey'),
    tokenJwks: value('tokenJwks'),
    tokenIssuer: value('tokenIssuer'),
    tokenAudience: value('tokenAudience'),
    tokenClockTolerance: value('tokenClockTolerance'),
    recheck: value('recheck'),
    askTime: value('askTime'),
    largestDocument: value('largestDocument'),
    linkRate: value('linkRate'),
    tenantRate: value('tenantRate'),
    socketsMax: value('socketsMax'),
    socketsPerAddress: value('socketsPerAddress'),
    socketsPerSecond: value('socketsPerSecond'),
    drainTime: value('drainTime'),
    adminToken: value('adminToken'),
    logLevel: value('logLevel'),
    authenticate: value('authenticate'),
    authorize: value('authorize'),
    committed: value('committed'),
    documentClass: value('documentClass'),
  }
  checkTogether(all, said)
  return all
}

function valueOf<Name extends OptionName>(name: Name, said: Said | undefined): Options[Name] {
  const option: { readonly read: (given: unknown) => Options[Name]; readonly fallback: string | undefined } =
    options[name]
  try {
    return option.read(said?.given ?? option.fallback)
  } catch (error) {
    if (!(error instanceof OptionFault) || said === undefined) throw error
    throw new RelayError('bad-option', `${said.where}: ${error.message}`)
  }
}

/** What makes no sense together. */
function checkTogether(all: Options, said: ReadonlyMap<OptionName, Said>): void {
  const whereOf = (name: OptionName) => said.get(name)?.where ?? name
  if ((all.tlsCert === undefined) !== (all.tlsKey === undefined)) {
    const [there, missing] =
      all.tlsCert === undefined ? (['tlsKey', 'tlsCert'] as const) : (['tlsCert', 'tlsKey'] as const)
    throw new RelayError('bad-option', `${whereOf(there)} needs ${flagOf(missing)} beside it.`)
  }
  const keys = (['tokenSecret', 'tokenSecretFile', 'tokenPublicKey', 'tokenJwks'] as const).filter(
    (name) => all[name] !== undefined,
  )
  if (keys.length > 1) {
    throw new RelayError(
      'bad-option',
      `Tokens are checked in one way only, and ${keys.map(whereOf).join(' and ')} are said.`,
    )
  }
}
