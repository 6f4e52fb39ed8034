// What may be said when on a native socket: every phase of a session against every message, completely, and the clock.
import { expect, test } from 'vitest'
import { closedCode, comeBack, goodbyeCode, knowledgeKind, right, wireVersion } from '../../shared/message.ts'
import type { Message, MessageOf } from '../../shared/message.ts'
import { documentClientsMax, silenceMs, silencesMax, waitingMessagesMax } from '../../shared/limits.ts'
import { ProtocolError } from '../../shared/protocol-error.ts'
import { Session } from '../../shared/session.ts'
import type { Grant, SessionEffect } from '../../shared/session-words.ts'
import { encodeStateVector } from '../../shared/state-vector.ts'

const id = new Uint8Array(16)
const hash = new Uint8Array(16)
const bytes = new Uint8Array()

/** One message of every type. */
const samples: { readonly [Type in Message['type']]: MessageOf<Type> } = {
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

type Phase = 'meeting' | 'met' | 'checkingToken' | 'checkingReplica' | 'open' | 'ended'
/** What comes of a message at once: something is asked of the shell or said, it waits, nothing, or the socket ends. */
type Outcome = 'acts' | 'waits' | 'nothing' | 'ends'
type Row = { readonly [Type in Message['type']]: Outcome }

const all = (outcome: Outcome): Row => {
  const row = Object.fromEntries(Object.keys(samples).map((type) => [type, outcome]))
  return row as Row
}

const table: { readonly [P in Phase]: Row } = {
  meeting: { ...all('ends'), hello: 'acts' },
  met: { ...all('ends'), authenticate: 'acts' },
  checkingToken: all('waits'),
  checkingReplica: all('waits'),
  open: {
    hello: 'ends',
    welcome: 'ends',
    authenticate: 'acts',
    authenticated: 'ends',
    authExpiring: 'ends',
    ping: 'acts',
    pong: 'nothing',
    goodbye: 'ends',
    mode: 'ends',
    fragment: 'ends',
    open: 'acts',
    opened: 'ends',
    known: 'acts',
    piece: 'ends',
    delivery: 'ends',
    caughtUp: 'ends',
    push: 'acts',
    ack: 'ends',
    refused: 'ends',
    filed: 'acts',
    missing: 'ends',
    digest: 'acts',
    compared: 'ends',
    presence: 'acts',
    leave: 'acts',
    closed: 'ends',
    rights: 'ends',
    changes: 'acts',
    changed: 'ends',
  },
  ended: all('nothing'),
}

const grant: Grant = {
  tenant: 'acme',
  subject: 'ana',
  expiresAt: undefined,
  rightsVersion: 1,
  rightsOf: (document) => (document === 'secret' ? 0 : right.read + right.write),
}

const calm = { type: 'mode', mode: 0, classes: 0, afterMs: 0 } as const
const busy = { type: 'mode', mode: 1, classes: 1, afterMs: 5_000 } as const

function sessionIn(phase: Phase, mode: MessageOf<'mode'> = calm): Session {
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

function outcomeOf(effects: readonly SessionEffect[]): Outcome {
  if (effects.some(({ type }) => type === 'end')) return 'ends'
  return effects.length > 0 ? 'acts' : 'nothing'
}

const cases = Object.entries(table).flatMap(([phase, row]) =>
  Object.entries(row).map(([type, outcome]) => ({ phase, type, outcome })),
)

test.each(cases)('[W1] while $phase, $type: $outcome', ({ phase, type, outcome }) => {
  const session = sessionIn(phase as Phase)
  const message = samples[type as Message['type']]
  const effects = session.step({ type: 'received', message }, 0)
  // What waits is looked at when the session is open, and does then what it does there.
  expect(outcomeOf(effects)).toBe(outcome === 'waits' ? 'nothing' : outcome)
})

test.each([
  ['open', { ...samples.open, knowledge: { kind: knowledgeKind.content, epoch: id, stateVector: bytes } }],
  ['known', { ...samples.known, stateVector: Uint8Array.of(5, 1, 1) }],
] satisfies [string, Message][])(
  '[W1] %s with bytes that are no state vector ends the socket for good',
  (_type, message) => {
    const effects = sessionIn('open').step({ type: 'received', message }, 0)
    expect(effects.find(({ type }) => type === 'send')).toMatchObject({
      message: { type: 'goodbye', code: goodbyeCode.malformed, comeBack: comeBack.no },
    })
    expect(effects.map((effect) => (effect.type === 'happened' ? effect.input.type : effect.type))).toEqual([
      'send',
      'left',
      'end',
    ])
  },
)

test.each([
  ['open', 2, ['send']],
  ['known', 1, ['left', 'send']],
] as const)(
  '[B1] %s of a document with more clients than a document may have closes that link, and no other',
  (type, link, effects) => {
    const count = documentClientsMax + 1
    const stateVector = encodeStateVector(new Map(Array.from({ length: count }, (_, client) => [client, 1])))
    const knowledge = { kind: knowledgeKind.content, epoch: id, stateVector } as const
    const message = type === 'open' ? { ...samples.open, knowledge } : { ...samples.known, link, stateVector }
    const session = sessionIn('open')
    const asked = session.step({ type: 'received', message }, 0)
    expect(asked.map((effect) => (effect.type === 'happened' ? effect.input.type : effect.type))).toEqual(
      effects,
    )
    expect(asked.at(-1)).toMatchObject({
      message: { type: 'closed', link, code: closedCode.tooLarge, comeBack: comeBack.no },
    })
    const ping = session.step({ type: 'received', message: samples.ping }, 0)
    expect(ping).toMatchObject([{ message: { type: 'pong' } }])
  },
)

test.each(['truncated', 'frame-too-large', 'message-too-large'] as const)(
  '[W1] bytes that are no messages, %s, end the socket for good: said again they would be the same',
  (code) => {
    const error = new ProtocolError(code, 'No message.')
    const [goodbye] = sessionIn('open').step({ type: 'garbled', error }, 0)
    expect(goodbye).toMatchObject({
      message: { type: 'goodbye', code: goodbyeCode.malformed, comeBack: comeBack.no },
    })
  },
)

test('[S1] a document that the token does not open is closed, and no room hears of it', () => {
  const effects = sessionIn('open').step(
    { type: 'received', message: { ...samples.open, document: 'secret' } },
    0,
  )
  expect(effects.map(({ type }) => type)).toEqual(['send'])
  expect(effects[0]).toMatchObject({ message: { type: 'closed', link: 2 } })
})

test('[S1] a new token that may read less closes links, one that may write less tells the room', () => {
  const session = sessionIn('open')
  const readOnly = { ...grant, rightsOf: () => right.read }
  expect(session.step({ type: 'tokenChecked', grant: readOnly }, 0)).toMatchObject([
    { type: 'send', message: { type: 'authenticated' } },
    { type: 'happened', input: { type: 'rightsChanged', mayWrite: false } },
  ])
  const none = { ...grant, rightsOf: () => 0 }
  expect(session.step({ type: 'tokenChecked', grant: none }, 0)).toMatchObject([
    { type: 'send', message: { type: 'authenticated' } },
    { type: 'happened', input: { type: 'left' } },
    { type: 'send', message: { type: 'closed', link: 1 } },
  ])
  expect(session.linkCount).toBe(0)
})

test('[S1] a token of somebody else ends the socket: that is another store on the device', () => {
  const session = sessionIn('open')
  const effects = session.step({ type: 'tokenChecked', grant: { ...grant, subject: 'ben' } }, 0)
  expect(effects[0]).toMatchObject({ message: { type: 'goodbye', code: goodbyeCode.otherSubject } })
})

/** A grant that knows nothing before it was asked. */
function askedGrant(): Grant & { readonly known: Map<string, number> } {
  const known = new Map<string, number>()
  return { ...grant, known, rightsOf: (document) => known.get(document) }
}

function sessionWith(granted: Grant): Session {
  const session = sessionIn('checkingToken')
  session.step({ type: 'tokenChecked', grant: granted }, 0)
  session.step({ type: 'replicaChecked', isItsOwn: true }, 0)
  return session
}

const story = { ...samples.open, link: 1, document: 'story' }
const knownSaid = { ...samples.known, link: 1 }

test('[S1] where somebody has to be asked for the rights, no room hears of a link before the answer', () => {
  const asked = askedGrant()
  const session = sessionWith(asked)
  expect(session.step({ type: 'received', message: story }, 0)).toEqual([
    { type: 'askRights', link: 1, document: 'story' },
  ])
  expect(session.step({ type: 'received', message: knownSaid }, 0)).toEqual([])
  asked.known.set('story', right.read)
  const answer = { type: 'rightsAnswered', link: 1, document: 'story', refusal: undefined } as const
  expect(session.step(answer, 0)).toMatchObject([
    { type: 'happened', input: { type: 'joined', mayWrite: false } },
    { type: 'happened', input: { type: 'knew' } },
  ])
  expect(session.step(answer, 0)).toEqual([])
})

test('[S1] a link whose rights are refused is closed, with the way back that fits, and may be opened again', () => {
  for (const [isPassing, code, back] of [
    [false, closedCode.forbidden, comeBack.withToken],
    [true, closedCode.notNow, comeBack.later],
  ] as const) {
    const session = sessionWith(askedGrant())
    session.step({ type: 'received', message: story }, 0)
    const refusal = { code: 'no', reason: 'No.', isPassing }
    const effects = session.step({ type: 'rightsAnswered', link: 1, document: 'story', refusal }, 0)
    const message = { type: 'closed', link: 1, code, comeBack: back, reason: 'No.' }
    expect(effects).toMatchObject([{ type: 'send', message }])
    expect(session.step({ type: 'received', message: story }, 0)).toMatchObject([{ type: 'askRights' }])
  }
})

test('[S1] an answer for a link that was left meanwhile opens nothing', () => {
  const asked = askedGrant()
  const session = sessionWith(asked)
  session.step({ type: 'received', message: story }, 0)
  expect(session.step({ type: 'received', message: { type: 'leave', link: 1 } }, 0)).toEqual([])
  session.step({ type: 'received', message: { ...story, document: 'other' } }, 0)
  asked.known.set('story', right.read)
  const answer = { type: 'rightsAnswered', link: 1, refusal: undefined } as const
  expect(session.step({ ...answer, document: 'story' }, 0)).toEqual([])
  asked.known.set('other', right.read)
  expect(session.step({ ...answer, document: 'other' }, 0)).toMatchObject([
    { type: 'happened', document: 'other', input: { type: 'joined' } },
  ])
})

test('[B1] so much may be said of links whose rights are asked for, and no more', () => {
  const session = sessionWith(askedGrant())
  session.step({ type: 'received', message: story }, 0)
  // The open waits too.
  for (let n = 1; n < waitingMessagesMax; n++) {
    expect(session.step({ type: 'received', message: knownSaid }, 0)).toEqual([])
  }
  expect(session.step({ type: 'received', message: knownSaid }, 0)[0]).toMatchObject({
    message: { type: 'goodbye', code: goodbyeCode.tooMuch },
  })
})

test('[S1] looked at again, a link that may do less is told so or shut, at once', () => {
  const asked = askedGrant()
  asked.known.set('story', right.read + right.write)
  const session = sessionWith(asked)
  session.step({ type: 'received', message: story }, 0)
  const less = askedGrant()
  less.known.set('story', right.read)
  expect(session.step({ type: 'grantRenewed', grant: less }, 0)).toMatchObject([
    { type: 'happened', input: { type: 'rightsChanged', mayWrite: false } },
  ])
  const unknown = { ...askedGrant(), rightsVersion: 2 }
  expect(session.step({ type: 'grantRenewed', grant: unknown }, 0)).toMatchObject([
    { type: 'send', message: { type: 'authenticated', rightsVersion: 2 } },
    { type: 'askRights', link: 1, document: 'story' },
  ])
  const refusal = { code: 'no', reason: 'No.', isPassing: false }
  expect(session.step({ type: 'rightsAnswered', link: 1, document: 'story', refusal }, 0)).toMatchObject([
    { type: 'happened', input: { type: 'left' } },
    { type: 'send', message: { type: 'closed', link: 1, code: closedCode.forbidden } },
  ])
  expect(session.linkCount).toBe(0)
})

test('[S1] looked at again, a token that is somebody else’s now ends the socket', () => {
  const [first] = sessionIn('open').step({ type: 'grantRenewed', grant: { ...grant, tenant: 'other' } }, 0)
  expect(first).toMatchObject({ message: { type: 'goodbye', code: goodbyeCode.otherSubject } })
})

test('[S1] looked at again before the socket is open, a grant holds from its beginning', () => {
  const session = sessionIn('checkingReplica')
  expect(session.step({ type: 'grantRenewed', grant: { ...grant, rightsOf: () => 0 } }, 0)).toEqual([])
  session.step({ type: 'replicaChecked', isItsOwn: true }, 0)
  expect(session.step({ type: 'received', message: story }, 0)).toMatchObject([
    { type: 'send', message: { type: 'closed', link: 1 } },
  ])
})

test('[S1] a token that is refused ends the socket, with a new token or, if nobody can tell, later', () => {
  for (const [isPassing, code, back] of [
    [false, goodbyeCode.unauthenticated, comeBack.withToken],
    [true, goodbyeCode.failing, comeBack.later],
  ] as const) {
    const refusal = { code: 'no', reason: 'No.', isPassing }
    for (const phase of ['checkingToken', 'open'] as const) {
      const effects = sessionIn(phase).step({ type: 'tokenRefused', refusal }, 0)
      const message = { type: 'goodbye', code, comeBack: back, reason: 'No.' }
      expect(effects.find(({ type }) => type === 'send')).toMatchObject({ message })
      expect(effects.at(-1)).toEqual({ type: 'end' })
    }
  }
})

test('[B1] tokens that come faster than they are checked are checked one at a time, the last one last', () => {
  const session = sessionIn('open')
  const say = (token: string) =>
    session.step({ type: 'received', message: { type: 'authenticate', token } }, 0)
  expect(say('one')).toEqual([{ type: 'checkToken', token: 'one' }])
  expect(say('two')).toEqual([])
  expect(say('three')).toEqual([])
  expect(session.step({ type: 'tokenChecked', grant }, 0).at(-1)).toEqual({
    type: 'checkToken',
    token: 'three',
  })
  expect(session.step({ type: 'tokenChecked', grant }, 0)).toMatchObject([{ type: 'send' }])
  expect(say('four')).toEqual([{ type: 'checkToken', token: 'four' }])
})

test('[L1] a token that will expire is told of in time, and one that has ends the socket with a way back', () => {
  const session = sessionIn('open')
  session.step({ type: 'tokenChecked', grant: { ...grant, expiresAt: 100_000 } }, 0)
  expect(session.step({ type: 'woken' }, 49_999)).not.toContainEqual(
    expect.objectContaining({ message: expect.objectContaining({ type: 'authExpiring' }) }),
  )
  session.step({ type: 'received', message: samples.ping }, 50_000)
  expect(session.step({ type: 'woken' }, 50_000)).toMatchObject([
    { type: 'send', message: { type: 'authExpiring', inMs: 50_000 } },
    { type: 'wakeAt' },
    { type: 'wakeAt' },
  ])
  session.step({ type: 'received', message: samples.ping }, 119_999)
  expect(session.step({ type: 'woken' }, 120_000)[0]).toMatchObject({
    message: { type: 'goodbye', code: goodbyeCode.unauthenticated, comeBack: comeBack.withToken },
  })
})

test('[L1] silence is broken with a ping, and after three silences the other is given up', () => {
  const session = sessionIn('open')
  expect(session.step({ type: 'woken' }, silenceMs)[0]).toMatchObject({ message: { type: 'ping' } })
  const effects = session.step({ type: 'woken' }, silenceMs * silencesMax)
  expect(effects[0]).toMatchObject({ message: { type: 'goodbye', code: goodbyeCode.silent } })
  expect(effects.at(-1)).toEqual({ type: 'end' })
})

test('[B1] a socket is told how much the relay has to do when that changes, and when it comes in unless that is little', () => {
  const modesIn = (effects: readonly SessionEffect[]) =>
    effects.flatMap((effect) =>
      effect.type === 'send' && effect.message.type === 'mode' ? [effect.message] : [],
    )
  for (const [mode, atOnce] of [
    [calm, []],
    [busy, [busy]],
  ] as const) {
    const session = sessionIn('checkingReplica', mode)
    expect(session.step({ type: 'modeChanged' }, 0)).toEqual([])
    expect(modesIn(session.step({ type: 'replicaChecked', isItsOwn: true }, 0))).toEqual(atOnce)
    expect(modesIn(session.step({ type: 'modeChanged' }, 0))).toEqual([mode])
  }
})

test('[B1] a link that is put off is closed with when to come again', () => {
  const closed = { type: 'closed', link: 1, code: closedCode.notNow, reason: 'busy', afterMs: 3_000 } as const
  expect(sessionIn('open').step(closed, 0)).toMatchObject([
    { type: 'happened', input: { type: 'left' } },
    {
      type: 'send',
      message: { type: 'closed', code: closedCode.notNow, comeBack: comeBack.later, afterMs: 3_000 },
    },
  ])
})

test('[S1] what changed is asked with the rights of the token, and again with those of another token', () => {
  const session = sessionIn('open')
  const asked = session.step({ type: 'received', message: { ...samples.changes, follow: true } }, 0)
  expect(asked).toMatchObject([{ type: 'workspace', tenant: 'acme', input: { type: 'changesAsked', grant } }])
  const other = { ...grant, rightsVersion: 2 }
  expect(session.step({ type: 'grantRenewed', grant: other }, 0)).toContainEqual(
    expect.objectContaining({
      type: 'workspace',
      input: expect.objectContaining({ type: 'grantChanged', grant: other }),
    }),
  )
  expect(session.step({ type: 'lost' }, 0)).toContainEqual(
    expect.objectContaining({ type: 'workspace', input: expect.objectContaining({ type: 'left' }) }),
  )
})
