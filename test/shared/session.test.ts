// session.test.ts — what may be said when on a native socket: every phase of a session against every message, completely,
// and the clock. What a token allows: session-rights.test.ts.
import { expect, test } from 'vitest'
import { closedCode, comeBack, goodbyeCode, knowledgeKind } from '../../shared/message.ts'
import type { Message } from '../../shared/message.ts'
import { documentClientsMax, silenceMs, silencesMax } from '../../shared/limits.ts'
import { ProtocolError } from '../../shared/protocol-error.ts'
import type { SessionEffect } from '../../shared/session-words.ts'
import { encodeStateVector } from '../../shared/state-vector.ts'

import { calm, busy, grant, id, samples, sessionIn } from './session-story.ts'
import type { Phase } from './session-story.ts'

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

const bytes = new Uint8Array()

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
