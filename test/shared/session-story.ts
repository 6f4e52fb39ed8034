// session-story.ts — a session of a native socket, brought to where a test wants it: one message of every type, a grant.

import { comeBack, goodbyeCode, knowledgeKind, right, wireVersion } from '../../shared/message.ts'
import type { Message, MessageOf } from '../../shared/message.ts'
import { Session } from '../../shared/session.ts'
import type { Grant } from '../../shared/session-words.ts'

export const id: Uint8Array = new Uint8Array(16)
const hash = new Uint8Array(16)
const bytes = new Uint8Array()

/** One message of every type. */
export const samples: { readonly [Type in Message['type']]: MessageOf<Type> } = {
  hello: {
    type: 'hello',
    versions: [wireVersion],
    capabilities: 0,
    replica: id,
    secret: new Uint8Array(16),
    trace: '',
  },
  welcome: {
    type: 'welcome',
    version: 1,
    capabilities: 0,
    time: 0,
    durability: 0,
    silenceMs: 1,
    entryBytesMax: 1,
  },
  authenticate: { type: 'authenticate', token: 't' },
  authenticated: { type: 'authenticated', tenant: '', subject: '', expiresInMs: 0, rightsVersion: 0 },
  authExpiring: { type: 'authExpiring', inMs: 1 },
  ping: { type: 'ping', nonce: 5 },
  pong: { type: 'pong', nonce: 5, time: 0 },
  goodbye: { type: 'goodbye', code: goodbyeCode.done, comeBack: comeBack.no, afterMs: 0, reason: '' },
  mode: { type: 'mode', mode: 0, classes: 0, afterMs: 0 },
  fragment: { type: 'fragment', last: true, bytes: Uint8Array.of(1) },
  open: { type: 'open', link: 2, document: 'another', wants: 0, knowledge: { kind: knowledgeKind.nothing } },
  opened: { type: 'opened', link: 1, room: 1, rights: 3, epoch: id, head: 0, seal: bytes, plan: { kind: 0 } },
  known: { type: 'known', link: 1, stateVector: Uint8Array.of(0) },
  piece: { type: 'piece', room: 1, update: bytes },
  delivery: { type: 'delivery', room: 1, after: 0, through: 1, updates: [] },
  caughtUp: { type: 'caughtUp', room: 1, through: 1 },
  push: { type: 'push', link: 1, entries: [{ counter: 1, hash, kind: 0, update: Uint8Array.of(0, 0) }] },
  ack: { type: 'ack', room: 1, ranges: [] },
  refused: { type: 'refused', room: 1, entries: [] },
  filed: { type: 'filed', link: 1, entries: [{ counter: 1, hash }] },
  missing: { type: 'missing', room: 1, stateVector: Uint8Array.of(0) },
  digest: { type: 'digest', link: 1, position: 0, digest: new Uint8Array(32) },
  compared: { type: 'compared', room: 1, position: 0, verdict: 0 },
  presence: { type: 'presence', linkOrRoom: 1, entries: [] },
  leave: { type: 'leave', link: 1 },
  closed: { type: 'closed', link: 1, code: 16, comeBack: 0, afterMs: 0, reason: '' },
  rights: { type: 'rights', room: 1, rights: 1 },
  changes: { type: 'changes', cursor: bytes, follow: false },
  changed: { type: 'changed', full: false, more: false, documents: [], cursor: bytes },
}

export type Phase = 'meeting' | 'met' | 'checkingToken' | 'checkingReplica' | 'open' | 'ended'

export const grant: Grant = {
  tenant: 'acme',
  subject: 'ana',
  expiresAt: undefined,
  rightsVersion: 1,
  rightsOf: (document) => (document === 'secret' ? 0 : right.read + right.write),
}

export const calm = { type: 'mode', mode: 0, classes: 0, afterMs: 0 } as const
export const busy = { type: 'mode', mode: 1, classes: 1, afterMs: 5_000 } as const

export function sessionIn(phase: Phase, mode: MessageOf<'mode'> = calm): Session {
  let link = 0
  const session = new Session(
    { nextLink: () => ++link, durability: 0, entryBytesMax: 1, mode: () => mode },
    0,
  )
  const received = (message: Message) => session.step({ type: 'received', message }, 0)
  if (phase === 'meeting') return session
  received(samples.hello)
  if (phase === 'met') return session
  received(samples.authenticate)
  if (phase === 'checkingToken') return session
  session.step({ type: 'tokenChecked', grant }, 0)
  if (phase === 'checkingReplica') return session
  session.step({ type: 'replicaChecked', isItsOwn: true }, 0)
  received({ ...samples.open, link: 1, document: 'story' })
  if (phase === 'ended') session.step({ type: 'lost' }, 0)
  return session
}
