// random-messages.ts — fast-check arbitraries for every message of the wire. Complete, or it does not compile. Sizes
// stay small; the bounds have tests of their own.

import * as fc from 'fast-check'

import { updateBytesMin } from '../../shared/limits.ts'
import {
  closedCode,
  comeBack,
  durability,
  entryKind,
  goodbyeCode,
  knowledgeKind,
  type Message,
  type MessageOf,
  planKind,
  planReason,
  refusedCode,
  relayMode,
  rightBits,
  trafficClassBits,
  verdict,
  wantBits,
} from '../../shared/message.ts'

const number = fc.oneof(
  fc.nat({ max: 300 }),
  fc.maxSafeNat(),
  fc.constantFrom(127, 128, 2 ** 14 - 1, 2 ** 14, 2 ** 31, 2 ** 32, 2 ** 49, Number.MAX_SAFE_INTEGER),
)
const bytes = (byteLength: number) => fc.uint8Array({ minLength: byteLength, maxLength: byteLength })
const someBytes = fc.uint8Array({ maxLength: 300 })
const anyUpdate = fc.uint8Array({ minLength: updateBytesMin, maxLength: 300 })
const text = fc.string({
  unit: fc.oneof(
    fc.constantFrom('\ufeff', '\0', 'é', '🐝'),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  ),
  maxLength: 60,
})
const seal = fc.uint8Array({ maxLength: 256 })
const id = bytes(16)
const bits = (known: number) => fc.nat({ max: known })
const word = <Word extends number>(words: Readonly<Record<string, Word>>) =>
  fc.constantFrom(...Object.values(words))
const list = <Item>(item: fc.Arbitrary<Item>) => fc.array(item, { maxLength: 6 })
const end = { comeBack: word(comeBack), afterMs: number, reason: text }

const knowledge = fc.oneof(
  fc.record({ kind: fc.constant(knowledgeKind.nothing) }),
  fc.record({ kind: fc.constant(knowledgeKind.cursor), epoch: id, seal, position: number }),
  fc.record({ kind: fc.constant(knowledgeKind.content), epoch: id, stateVector: someBytes }),
  fc.record({ kind: fc.constant(knowledgeKind.doubt), epoch: id }),
)

const plan = fc.oneof(
  fc.record({ kind: fc.constantFrom(planKind.atHead, planKind.tail) }),
  fc.record({ kind: fc.constant(planKind.whole), reason: word(planReason) }),
  fc.record({ kind: fc.constant(planKind.exchange), reason: word(planReason), stateVector: someBytes }),
)

/** The next one has to be a number too. */
const counter = number.map((any) => Math.min(any, Number.MAX_SAFE_INTEGER - 1))

const counterRange = fc
  .record({ from: counter, count: fc.integer({ min: 1, max: 1024 }) })
  .filter(({ from, count }) => from + count <= Number.MAX_SAFE_INTEGER)

type Fields<Type extends Message['type']> = {
  readonly [Field in Exclude<keyof MessageOf<Type>, 'type'>]: fc.Arbitrary<MessageOf<Type>[Field]>
}

const fields: { readonly [Type in Message['type']]: Fields<Type> } = {
  hello: {
    versions: fc.array(number, { maxLength: 16 }),
    capabilities: fc.constant(0),
    replica: id,
    secret: fc.uint8Array({ minLength: 16, maxLength: 64 }),
    trace: text,
  },
  welcome: {
    version: number,
    capabilities: fc.constant(0),
    time: number,
    durability: word(durability),
    silenceMs: number,
    entryBytesMax: number,
  },
  authenticate: { token: text },
  authenticated: { tenant: text, subject: text, expiresInMs: number, rightsVersion: number },
  authExpiring: { inMs: number },
  ping: { nonce: number },
  pong: { nonce: number, time: number },
  goodbye: { code: word(goodbyeCode), ...end },
  mode: { mode: word(relayMode), classes: bits(trafficClassBits), afterMs: number },
  fragment: { last: fc.boolean(), bytes: fc.uint8Array({ minLength: 1, maxLength: 300 }) },
  open: { link: number, document: text, wants: bits(wantBits), knowledge },
  opened: { link: number, room: number, rights: bits(rightBits), epoch: id, head: number, seal, plan },
  known: { link: number, stateVector: someBytes },
  piece: { room: number, update: anyUpdate },
  delivery: { room: number, after: number, through: number, updates: list(anyUpdate) },
  caughtUp: { room: number, through: number },
  push: {
    link: number,
    entries: list(fc.record({ counter, hash: id, kind: word(entryKind), update: anyUpdate })),
  },
  ack: { room: number, ranges: list(counterRange) },
  refused: {
    room: number,
    entries: list(fc.record({ counter, hash: id, code: word(refusedCode), reason: text })),
  },
  filed: { link: number, entries: list(fc.record({ counter, hash: id })) },
  missing: { room: number, stateVector: someBytes },
  digest: { link: number, position: number, digest: bytes(32) },
  compared: { room: number, position: number, verdict: word(verdict) },
  presence: { linkOrRoom: number, entries: list(fc.record({ client: number, clock: number, state: text })) },
  leave: { link: number },
  closed: { link: number, code: word(closedCode), ...end },
  rights: { room: number, rights: bits(rightBits) },
  changes: { cursor: seal, follow: fc.boolean() },
  changed: {
    full: fc.boolean(),
    more: fc.boolean(),
    documents: list(fc.record({ document: text, epoch: id, position: number, rights: bits(rightBits) })),
    cursor: seal,
  },
}

export const messageTypes = Object.keys(fields) as readonly Message['type'][]

export function messageOfType(type: Message['type']): fc.Arbitrary<Message> {
  const arbitraries: Record<string, fc.Arbitrary<unknown>> = { type: fc.constant(type), ...fields[type] }
  return fc.record(arbitraries) as fc.Arbitrary<unknown> as fc.Arbitrary<Message>
}

export const anyMessage: fc.Arbitrary<Message> = fc.oneof(...messageTypes.map(messageOfType))
