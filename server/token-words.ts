// token-words.ts — what the words after `syncline token` ask for: a token to be made, or tokens to be revoked. Knows: the
// words. Must not know: how tokens are made, where revocations are kept.
import { documentNameBytesMax, subjectBytesMax, tenantBytesMax } from '../shared/limits.ts'
import { isName } from './bearer.ts'
import { badOption, partedWords } from './command-words.ts'
import { isPattern } from './name-patterns.ts'
import type { NamePattern, Rights } from './name-patterns.ts'
import { span } from './option-kinds.ts'
import { optionsFrom } from './option-sources.ts'
import type { Environment } from './option-sources.ts'
import type { Options } from './options.ts'
import type { Revocation } from './revocations.ts'

export type TokenCommand =
  | {
      readonly name: 'token'
      readonly options: Options
      readonly subject: string
      readonly tenant: string
      readonly documents: readonly NamePattern[]
      readonly mayAdminister: boolean
      /** Undefined: it does not expire. */
      readonly livesMs: number | undefined
    }
  | { readonly name: 'revoke'; readonly options: Options; readonly revocation: Revocation }

export const tokenUsage: string = `syncline token --subject NAME [--read PATTERN] [--write PATTERN] [--tenant NAME] [--expires 30d] [--admin]
                                     prints a token: for a document, or for all that begin so (notes/*)
syncline token revoke --subject NAME [--tenant NAME]
syncline token revoke --id ID [--tenant NAME]
                                     ends all that someone was given until now, or one token by its jti`

const spanMs = span(1000, 3650 * 86_400_000)
const defaultLife = '30d'

export async function readTokenWords(
  words: readonly string[],
  environment: Environment,
  now: number,
): Promise<TokenCommand> {
  const { values, positionals } = parse(words)
  const { config, data } = values
  const {
    'token-secret-file': tokenSecretFile,
    'token-issuer': tokenIssuer,
    'token-audience': tokenAudience,
  } = values
  const said = { data, tokenSecretFile, tokenIssuer, tokenAudience }
  const flags = Object.fromEntries(
    Object.entries(said).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
  const options = await optionsFrom(flags, environment, config)
  if (positionals.length === 0) return readWish(values, options)
  if (positionals.length > 1 || positionals[0] !== 'revoke')
    throw badOption(`token takes no «${positionals.join(' ')}».`)
  return { name: 'revoke', options, revocation: readRevocation(values, now) }
}

type Values = ReturnType<typeof parse>['values']

function readWish(values: Values, options: Options): TokenCommand {
  const documents = [...patternsFrom(values.read, 'read'), ...patternsFrom(values.write, 'write')]
  const mayAdminister = values.admin === true
  if (documents.length === 0 && !mayAdminister)
    throw badOption('A token opens documents: say which with --read or --write, such as --write story.')
  const { expires = defaultLife } = values
  return {
    name: 'token',
    options,
    subject: readSubject(values),
    tenant: readTenant(values),
    documents,
    mayAdminister,
    livesMs: expires === 'never' ? undefined : readLife(expires),
  }
}

function readRevocation(values: Values, now: number): Revocation {
  const { id, subject } = values
  if ((id === undefined) === (subject === undefined))
    throw badOption('token revoke takes --subject or --id, and only one of them.')
  const tenant = readTenant(values)
  return id === undefined ? { tenant, subject: readSubject(values), before: now } : { tenant, id }
}

function patternsFrom(patterns: readonly string[] = [], rights: Rights): readonly NamePattern[] {
  return patterns.map((pattern) => {
    if (isName(pattern, documentNameBytesMax) && isPattern(pattern)) return { pattern, rights }
    throw badOption(`«${pattern}» is no pattern: a name, or the beginning of names with one * at its end.`)
  })
}

function readSubject({ subject }: Values): string {
  if (isName(subject, subjectBytesMax) && subject !== '') return subject
  throw badOption('Say whose token it is: --subject NAME.')
}

function readTenant({ tenant = '' }: Values): string {
  if (isName(tenant, tenantBytesMax)) return tenant
  throw badOption('This name of a tenant is too long.')
}

function readLife(word: string): number {
  try {
    return spanMs.read(word)
  } catch {
    throw badOption(`--expires: «${word}» is no time, such as 12h or 30d, nor «never».`)
  }
}

function parse(words: readonly string[]) {
  return partedWords(words, {
    subject: { type: 'string' },
    tenant: { type: 'string' },
    read: { type: 'string', multiple: true },
    write: { type: 'string', multiple: true },
    admin: { type: 'boolean' },
    expires: { type: 'string' },
    id: { type: 'string' },
    config: { type: 'string' },
    data: { type: 'string' },
    'token-secret-file': { type: 'string' },
    'token-issuer': { type: 'string' },
    'token-audience': { type: 'string' },
  })
}
