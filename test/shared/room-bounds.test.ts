// What a room and a session keep for peers, at the edge of each bound: how much is kept, what goes, what is said of it.
import { expect, test } from 'vitest'
import { Claims } from '../../shared/claims.ts'
import { Comparisons } from '../../shared/comparisons.ts'
import { HeldBack } from '../../shared/held-back.ts'
import { KeptAnswers } from '../../shared/kept-answers.ts'
import {
  comeAgainMs,
  comparisonsMax,
  heldBackBytesMax,
  heldBackMax,
  keptAnswersMax,
  linksMax,
  roomClaimsMax,
  toJudgeMax,
} from '../../shared/limits.ts'
import {
  closedCode,
  comeBack,
  goodbyeCode,
  knowledgeKind,
  refusedCode,
  right,
  verdict,
  wireVersion,
} from '../../shared/message.ts'
import type { Message, PushEntry } from '../../shared/message.ts'
import type { KeptAnswer, RoomEffect, RoomInput } from '../../shared/room-words.ts'
import { Session } from '../../shared/session.ts'
import type { SessionEffect } from '../../shared/session-words.ts'
import { readUpdate } from '../../shared/update-reader.ts'
import { bytesOf, repeated } from './hostile-updates.ts'
import { editOf, joined, loaded, replica, TestRoom } from './relay-room.ts'

/** The first of this client's clocks, so many of them. */
const clocksOf = (client: number, count = 1): Uint8Array => bytesOf(1, 1, client, 0, 0, count, 0)

test('[B1] of what is held back the oldest goes when there is one too many', () => {
  const held = new HeldBack<{ update: Uint8Array }>()
  const updates = Array.from({ length: heldBackMax + 1 }, (_, index) =>
    Uint8Array.of(index & 255, index >> 8),
  )
  for (const update of updates.slice(0, heldBackMax))
    expect(held.hold({ pushed: { update }, lacks: 7 })).toBe(false)
  for (const update of updates.slice(heldBackMax))
    expect(held.hold({ pushed: { update }, lacks: 7 })).toBe(true)
  expect(held.count).toBe(heldBackMax)
  expect(held.takeThoseFor(readUpdate(clocksOf(7))).map(({ update }) => update)).toEqual(updates.slice(1))
})

test('[B1] of what is held back as much goes as there are bytes too many, and what was taken counts no more', () => {
  const held = new HeldBack<{ update: Uint8Array }>()
  const half = { update: new Uint8Array(heldBackBytesMax / 2) }
  const small = { update: new Uint8Array(1) }
  expect(held.hold({ pushed: half, lacks: 7 })).toBe(false)
  expect(held.hold({ pushed: half, lacks: 8 })).toBe(false)
  expect(held.hold({ pushed: small, lacks: 9 })).toBe(true)
  expect(held.takeThoseFor(readUpdate(clocksOf(7)))).toEqual([])
  expect(held.hold({ pushed: half, lacks: 7 })).toBe(true)
  expect(held.takeThoseFor(readUpdate(clocksOf(8)))).toEqual([])
  expect(held.takeThoseFor(readUpdate(clocksOf(7)))).toEqual([half])
  expect(held.hold({ pushed: half, lacks: 7 })).toBe(false)
})

function answerNo(counter: number): KeptAnswer {
  return { replica, counter, hash: new Uint8Array(16), code: refusedCode.tooLarge, reason: 'No.' }
}

test('[B1] of the refusals that a room keeps the oldest goes when there is one too many', () => {
  const answers = new KeptAnswers()
  for (let counter = 1; counter <= keptAnswersMax; counter++)
    expect(answers.keep(answerNo(counter))).toBeUndefined()
  expect(answers.find(answerNo(1))).toEqual(answerNo(1))
  expect(answers.keep(answerNo(keptAnswersMax + 1))).toEqual(answerNo(1))
  expect(answers.count).toBe(keptAnswersMax)
  expect(answers.find(answerNo(1))).toBeUndefined()
  expect(answers.find(answerNo(2))).toEqual(answerNo(2))
})

test('[B1] who asks for a comparison when too many wait is told to ask again', () => {
  const effects: RoomEffect[] = []
  const comparisons = new Comparisons(1, (effect) => effects.push(effect))
  const asked = { position: 5, digest: new Uint8Array(32) }
  const notNow = { type: 'compared', room: 1, position: 5, verdict: verdict.notNow }
  for (let link = 1; link <= comparisonsMax; link++) comparisons.ask(link, asked, 5)
  expect(effects.splice(0)).toEqual([{ type: 'makeDigest', position: 5 }])
  comparisons.ask(comparisonsMax + 1, asked, 5)
  expect(effects.splice(0)).toEqual([{ type: 'tell', link: comparisonsMax + 1, message: notNow }])
  comparisons.made(asked)
  expect(effects).toHaveLength(comparisonsMax)
})

test('[B1] of the client ids of which a room knows whose they are the oldest goes when there is one too many', () => {
  const claims = new Claims()
  for (let client = 1; client <= roomClaimsMax; client++) claims.claim(client, 'ana')
  expect([claims.size, claims.ownerOf(1)]).toEqual([roomClaimsMax, 'ana'])
  claims.claim(1, 'ben')
  claims.claim(roomClaimsMax + 1, 'ben')
  expect([claims.size, claims.ownerOf(1), claims.ownerOf(2)]).toEqual([roomClaimsMax, undefined, 'ana'])
  expect(claims.ownerOf(roomClaimsMax + 1)).toBe('ben')
})

/** A room with one replica in it, by the link 1. */
function roomWith(options: {
  isJudged?: boolean
  documentBytesMax?: number
}): (input: RoomInput) => RoomEffect[] {
  const room = new TestRoom(options)
  const tell = (input: RoomInput): RoomEffect[] => [...room.tell(input)]
  tell(loaded)
  tell(joined(1))
  return tell
}

test('[B1] a link that pushes more than may wait for a word of the application is closed', () => {
  const tell = roomWith({ isJudged: true })
  const push = (counter: number): RoomEffect[] =>
    tell({ type: 'pushed', link: 1, entries: [editOf(counter, clocksOf(counter))] })
  // The first is out for its verdict, and waits no more.
  expect(push(1).map(({ type }) => type)).toEqual(['judge'])
  for (let counter = 2; counter <= toJudgeMax + 1; counter++) expect(push(counter)).toEqual([])
  const reason = expect.any(String) as string
  expect(push(toJudgeMax + 2)).toEqual([
    { type: 'close', link: 1, code: closedCode.notNow, reason, afterMs: comeAgainMs },
  ])
})

test('[B1] a socket with more links than there may be is told so and ended', () => {
  let next = 1
  const mode = () => ({ type: 'mode', mode: 0, classes: 0, afterMs: 0 }) as const
  const session = new Session({ nextLink: () => next++, durability: 0, entryBytesMax: 1, mode }, 0)
  const receive = (message: Message): readonly SessionEffect[] =>
    session.step({ type: 'received', message }, 0)
  const secret = new Uint8Array(16)
  receive({ type: 'hello', versions: [wireVersion], capabilities: 0, replica, secret, trace: '' })
  receive({ type: 'authenticate', token: 't' })
  const times = { expiresAt: undefined, rightsVersion: 1 }
  const grant = { tenant: 'acme', subject: 'ana', ...times, rightsOf: () => right.read }
  session.step({ type: 'tokenChecked', grant }, 0)
  session.step({ type: 'replicaChecked', isItsOwn: true }, 0)
  const open = (link: number): readonly SessionEffect[] =>
    receive({ type: 'open', link, document: `${link}`, wants: 0, knowledge: { kind: knowledgeKind.nothing } })
  for (let link = 1; link <= linksMax; link++)
    expect(open(link).map(({ type }) => type)).toEqual(['happened'])
  expect(session.linkCount).toBe(linksMax)
  const effects = open(linksMax + 1)
  expect(effects[0]).toMatchObject({
    type: 'send',
    message: { type: 'goodbye', code: goodbyeCode.tooMuch, comeBack: comeBack.later },
  })
  expect(effects.at(-1)).toEqual({ type: 'end' })
})

function refusalsIn(effects: readonly RoomEffect[]): Message[] {
  return effects.flatMap((effect) =>
    effect.type === 'tell' && effect.message.type === 'refused' ? [effect.message] : [],
  )
}

/** Structs that hold nothing weigh in the log all the same. */
const heavy = (client: number): Uint8Array =>
  bytesOf(
    1,
    300,
    client,
    0,
    repeated(300, () => [0, 1]),
    0,
  )

test('[R1] an edit that was refused as too large is refused alike when a fold has made room, until it is filed', () => {
  const tell = roomWith({ documentBytesMax: 1_000 })
  const push = (entry: PushEntry): RoomEffect[] => tell({ type: 'pushed', link: 1, entries: [entry] })
  push(editOf(1, heavy(1)))
  tell({ type: 'committed', positions: [1], answers: 0 })
  push(editOf(2, heavy(2)))
  const crowded = tell({ type: 'committed', positions: [2], answers: 0 })
  expect(crowded).toContainEqual({ type: 'makeFold', through: 2 })
  const refused = editOf(3, heavy(3))
  const first = push(refused)
  expect(first.map(({ type }) => type)).toEqual(['keepAnswer'])
  const told = refusalsIn(tell({ type: 'committed', positions: [], answers: 1 }))
  expect(told).toMatchObject([{ entries: [{ counter: 3, code: refusedCode.tooLarge }] }])
  tell({ type: 'foldMade', through: 2, bytes: 40 })
  tell({ type: 'foldValid', through: 2, servedFrom: 0 })
  tell({ type: 'foldEnded', succeeded: true })
  const again = push(refused)
  expect(refusalsIn(again)).toEqual(told)
  expect(again).toHaveLength(1)
  // Filed, it may be written again: there is room.
  tell({ type: 'filed', link: 1, entries: [{ counter: refused.counter, hash: refused.hash }] })
  expect(push(refused).map(({ type }) => type)).toContain('append')
})
