// options.ts — every option of the relay: its name, what it may be, its default, what it is for. The one place; flags,
// variables, the config file's keys, help and docs follow from it. Must not know: where a value was said.
import type { Authenticate, Authorize } from './application.ts'
import type { Committed } from './committed.ts'
import type { DocumentClassOf } from './document-class.ts'
import { largestDocumentMax, largestDocumentMin } from '../shared/limits.ts'
import {
  byteCount,
  callable,
  choice,
  listOf,
  network,
  origin,
  pathPrefix,
  secret,
  span,
  text,
  wholeNumber,
} from './option-kinds.ts'
import type { Kind } from './option-kinds.ts'
import type { NoticeLevel } from './notice.ts'

export type Options = {
  readonly port: number
  readonly host: string
  readonly data: string
  readonly durability: 'disk' | 'os'
  readonly pathPrefix: string
  readonly origins: readonly string[]
  readonly tlsCert: string | undefined
  readonly tlsKey: string | undefined
  readonly trustedProxies: readonly string[]
  readonly tokenSecret: string | undefined
  readonly tokenSecretFile: string | undefined
  readonly tokenPublicKey: string | undefined
  readonly tokenJwks: string | undefined
  readonly tokenIssuer: string | undefined
  readonly tokenAudience: string | undefined
  readonly tokenClockTolerance: number
  readonly recheck: number
  readonly askTime: number
  readonly largestDocument: number
  readonly linkRate: number
  readonly tenantRate: number
  readonly socketsMax: number
  readonly socketsPerAddress: number
  readonly socketsPerSecond: number
  readonly drainTime: number
  readonly adminToken: string | undefined
  readonly logLevel: NoticeLevel
  readonly authenticate: Authenticate | undefined
  readonly authorize: Authorize | undefined
  readonly committed: Committed | undefined
  readonly documentClass: DocumentClassOf | undefined
}

export type OptionName = keyof Options

/** Secrets are no flags: every user of the machine can list the words of a command. */
type SaidIn = 'everywhere' | 'notAsFlag' | 'fileOnly'

export type Option<Value> = {
  readonly form: string
  readonly about: string
  readonly saidIn: SaidIn
  /** As one would say it; undefined: without one. */
  readonly fallback: string | undefined
  readonly read: (given: unknown) => Value
}

export const options: { readonly [Name in OptionName]: Option<Options[Name]> } = {
  port: option(wholeNumber('PORT', 0, 65_535), '4410', 'where the relay listens; 0 takes a free one'),
  host: option(
    text('ADDRESS', 255),
    '127.0.0.1',
    'the address it listens on: this machine only, or 0.0.0.0 for all',
  ),
  data: option(text('FOLDER'), 'data', 'where documents are kept'),
  durability: option(
    choice(['disk', 'os']),
    'disk',
    'what an ack stands for: synced to the disk, or only handed to the operating system; clients are told which',
  ),
  pathPrefix: option(pathPrefix, '', 'under which all paths of the relay lie'),
  origins: option(
    listOf(origin),
    '',
    'where people sign in: pages of which other origins may connect; those of the relay’s own always may',
  ),
  tlsCert: optional(text('FILE'), 'certificates in PEM; read again on SIGHUP'),
  tlsKey: optional(text('FILE'), 'the key of the certificate in PEM; read again on SIGHUP'),
  trustedProxies: option(
    listOf(network),
    '',
    'proxies whose word on where a client comes from (X-Forwarded-For) is taken',
  ),
  tokenSecret: optional(secret(32), 'that secret itself', 'notAsFlag'),
  tokenSecretFile: optional(text('FILE'), 'a file with the secret that tokens are signed with'),
  tokenPublicKey: optional(
    text('FILE'),
    'a file with the public key that tokens are checked with (PEM or JWK)',
  ),
  tokenJwks: optional(text('URL'), 'the address of the keys that tokens are checked with'),
  tokenIssuer: optional(text('NAME'), 'who a token has to come from (claim iss)'),
  tokenAudience: optional(text('NAME'), 'whom a token has to be for (claim aud)'),
  tokenClockTolerance: option(span(0, 600_000), '5s', 'by how much the clock of who makes tokens may be off'),
  recheck: option(
    span(1000, 86_400_000),
    '60s',
    'how often the rights of those who are connected are asked for again',
  ),
  askTime: option(span(100, 60_000), '5s', 'how long the application’s own functions may take to answer'),
  largestDocument: option(
    byteCount(largestDocumentMin, largestDocumentMax),
    '60mb',
    'the one size from which the limits of frames, edits, documents and requests follow',
  ),
  linkRate: option(
    wholeNumber('NUMBER', 0, 1_000_000),
    '0',
    'messages a second that one socket may send, each 16 KB of a larger one counted; 0: as many as the disk takes',
  ),
  tenantRate: option(
    wholeNumber('NUMBER', 0, 10_000_000),
    '0',
    'the same for all sockets of a tenant together',
  ),
  socketsMax: option(
    wholeNumber('NUMBER', 1, 1_000_000),
    '20000',
    'sockets in whole; 500 connections more for what is no socket',
  ),
  socketsPerAddress: option(
    wholeNumber('NUMBER', 1, 1_000_000),
    '1000',
    'sockets of one address; those of this machine are not counted',
  ),
  socketsPerSecond: option(
    wholeNumber('NUMBER', 1, 100_000),
    '500',
    'sockets that are let in a second; others wait their turn, so that a restart is no stampede',
  ),
  drainTime: option(span(0, 600_000), '10s', 'how long a stop may take'),
  adminToken: optional(
    secret(16),
    'what /metrics asks for from other machines (Authorization: Bearer); without it they get none',
    'notAsFlag',
  ),
  logLevel: option(
    choice(['debug', 'info', 'warn', 'error']),
    'info',
    'what is told; names of documents are shown at debug only',
  ),
  authenticate: optional(callable(isAuthenticate), 'who somebody is, in place of tokens', 'fileOnly'),
  authorize: optional(callable(isAuthorize), 'who may read and write which documents', 'fileOnly'),
  committed: optional(
    callable(isCommitted),
    'called with what was committed, at least once each',
    'fileOnly',
  ),
  documentClass: optional(
    callable(isDocumentClassOf),
    'how much a document matters when there is too much to do: critical, normal or bulk',
    'fileOnly',
  ),
}

export const optionNames: readonly OptionName[] = Object.keys(options).filter(isOptionName)

export function isOptionName(name: string): name is OptionName {
  return Object.hasOwn(options, name)
}

/** `pathPrefix` → `--path-prefix` */
export function flagOf(name: OptionName): string {
  return `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}

/** `pathPrefix` → `SYNCLINE_PATH_PREFIX` */
export function variableOf(name: OptionName): string {
  return `SYNCLINE_${name.replaceAll(/[A-Z]/g, '_$&').toUpperCase()}`
}

function option<Value>(kind: Kind<Value>, fallback: string, about: string): Option<Value> {
  return { ...kind, about, fallback, saidIn: 'everywhere' }
}

function optional<Value>(
  kind: Kind<Value>,
  about: string,
  saidIn: SaidIn = 'everywhere',
): Option<Value | undefined> {
  const read = (given: unknown) => (given === undefined ? undefined : kind.read(given))
  return { ...kind, about, fallback: undefined, saidIn, read }
}

// What a function takes and gives cannot be seen from outside; TypeScript checks it in the file, by defineConfig.

function isAuthenticate(given: unknown): given is Authenticate {
  return typeof given === 'function'
}

function isAuthorize(given: unknown): given is Authorize {
  return typeof given === 'function'
}

function isDocumentClassOf(given: unknown): given is DocumentClassOf {
  return typeof given === 'function'
}

function isCommitted(given: unknown): given is Committed {
  return typeof given === 'function'
}
