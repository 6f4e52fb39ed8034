// When the relay has too much to do, from numbers alone; and how many it lets in at a time.
import { expect, test } from 'vitest'
import {
  allWaitingBytesMax,
  joinMsMax,
  joinsAtOnce,
  putOffMsMax,
  settlingMs,
  waitingBytesMax,
} from '../../shared/limits.ts'
import { knowledgeKind, planKind, relayMode } from '../../shared/message.ts'
import { Joins } from '../../shared/joins.ts'
import { Overload, samplesToFall, samplesToRise, thresholds } from '../../shared/overload.ts'
import type { DocumentClass, Load, OverloadMode } from '../../shared/overload.ts'
import type { Joining, LinkId, Wire } from '../../shared/room-words.ts'

const calm: Load = { loopLagMs: 0, waitingBytes: 0, unsentBytes: 0, commitMs: 0, links: 0, isRefused: false }
const names = ['loopLagMs', 'waitingBytes', 'unsentBytes', 'commitMs', 'links'] as const

function sampled(overload: Overload, load: Partial<Load>, times = 1): boolean[] {
  return Array.from({ length: times }, () => overload.sampled({ ...calm, ...load }))
}

function overloadIn(mode: OverloadMode): Overload {
  const overload = new Overload()
  if (mode !== 'normal') sampled(overload, { loopLagMs: thresholds[mode].loopLagMs }, samplesToRise)
  expect(overload.mode).toBe(mode)
  return overload
}

test.each(
  names.flatMap((name) =>
    (['busy', 'shedding'] as const).map((mode) => ({ name, mode, at: thresholds[mode][name] })),
  ),
)('[B1] $name at $at, twice in a row, is $mode; once, or a little less, is not', ({ name, mode, at }) => {
  const below = new Overload()
  sampled(below, { [name]: at - 1 }, 10)
  expect(below.mode).toBe(mode === 'busy' ? 'normal' : 'busy')
  const once = new Overload()
  sampled(once, { [name]: at })
  sampled(once, {})
  sampled(once, { [name]: at })
  expect(once.mode).toBe('normal')
  const overload = new Overload()
  expect(sampled(overload, { [name]: at }, samplesToRise)).toEqual([false, true])
  expect(overload.mode).toBe(mode)
})

test('[B1] one tenant that writes all it may makes the relay busy and no more; all of them together shed', () => {
  const { busy, shedding } = thresholds
  expect(busy.waitingBytes).toBe(waitingBytesMax)
  expect(shedding.waitingBytes).toBeGreaterThanOrEqual(2 * waitingBytesMax)
  expect(shedding.waitingBytes).toBeLessThan(allWaitingBytesMax)
})

test('[B1] it is over when every number is below half for a while, one mode after the other', () => {
  const overload = overloadIn('shedding')
  sampled(overload, { commitMs: thresholds.shedding.commitMs / 2 }, 20)
  expect(overload.mode).toBe('shedding')
  sampled(overload, {}, samplesToFall - 1)
  sampled(overload, { links: thresholds.shedding.links / 2 })
  sampled(overload, {}, samplesToFall - 1)
  expect(overload.mode).toBe('shedding')
  sampled(overload, {})
  expect(overload.mode).toBe('busy')
  sampled(overload, { loopLagMs: thresholds.busy.loopLagMs - 1 }, 20)
  expect(overload.mode).toBe('busy')
  sampled(overload, {}, samplesToFall)
  expect(overload.mode).toBe('normal')
})

test('[B1] at the edge of a threshold it does not go back and forth', () => {
  const overload = new Overload()
  let changes = 0
  for (let second = 0; second < 1_000; second++) {
    const loopLagMs = thresholds.busy.loopLagMs + (second % 2 === 0 ? 1 : -20)
    if (overload.sampled({ ...calm, loopLagMs })) changes += 1
    if (second % 7 === 0 && overload.sampled({ ...calm, loopLagMs: thresholds.busy.loopLagMs })) changes += 1
  }
  expect(changes).toBeLessThanOrEqual(1)
})

test.each<[OverloadMode, DocumentClass, boolean]>([
  ['normal', 'critical', false],
  ['normal', 'normal', false],
  ['normal', 'bulk', false],
  ['busy', 'critical', false],
  ['busy', 'normal', false],
  ['busy', 'bulk', true],
  ['shedding', 'critical', false],
  ['shedding', 'normal', true],
  ['shedding', 'bulk', true],
])('[B1] %s: a document that is %s is shed: %s', (mode, documentClass, isShed) => {
  expect(overloadIn(mode).isShed(documentClass)).toBe(isShed)
})

test.each<[OverloadMode, number, number, number]>([
  ['normal', relayMode.normal, 0, 0],
  ['busy', relayMode.shed, 1, 5_000],
  ['shedding', relayMode.shed, 3, 15_000],
])('[B1] %s is told as mode %i, classes %i, after %i ms', (mode, word, classes, afterMs) => {
  expect(overloadIn(mode).word).toEqual({ type: 'mode', mode: word, classes, afterMs })
})

test('[D1] a disk that does not write is told at once, and so is one that does again', () => {
  const overload = overloadIn('busy')
  expect(sampled(overload, { isRefused: true }, 2)).toEqual([true, false])
  expect(overload.word).toMatchObject({ mode: relayMode.readOnly })
  expect(sampled(overload, { loopLagMs: thresholds.busy.loopLagMs })).toEqual([true])
  expect(overload.word).toMatchObject({ mode: relayMode.shed, classes: 1 })
})

// Joins.

const settled = settlingMs

function joining(link: LinkId, knows: 'nothing' | 'cursor' = 'nothing', wire: Wire = 'native'): Joining {
  const cursor = { kind: knowledgeKind.cursor, epoch: new Uint8Array(), seal: new Uint8Array(), position: 1 }
  const knowledge = knows === 'cursor' ? cursor : { kind: knowledgeKind.nothing }
  return { link, number: 1, wire, replica: undefined, mayWrite: true, wantsPresence: false, knowledge }
}

/** What each of so many is told who come at once. */
function come(
  joins: Joins,
  count: number,
  now: number,
  documentClass: DocumentClass = 'normal',
): (number | undefined)[] {
  return Array.from({ length: count }, (_, index) => joins.ask(joining(now + index), documentClass, now))
}

test('[B1] in the first moments after a start so many are let in at a time, the others in their turn', () => {
  const { settling } = joinsAtOnce
  const joins = new Joins(new Overload(), 0)
  const told = come(joins, settling * 3 + 1, 0)
  expect(told.filter((afterMs) => afterMs === undefined)).toHaveLength(settling)
  for (const second of [1, 2, 3])
    expect(told.filter((afterMs) => afterMs === second * 1_000)).toHaveLength(second < 3 ? settling : 1)
})

test('[L1] nobody is told to wait for longer than a minute, and who waited meets no line of the past', () => {
  const joins = new Joins(new Overload(), 0)
  const told = come(joins, joinsAtOnce.settling * 100, 0)
  expect(told.at(-1)).toBe(putOffMsMax)
  expect(come(joins, joinsAtOnce.normal + 1, putOffMsMax).at(-1)).toBe(1_000)
})

test('[L1] a place is free again when all was told, when little was to be told, when it left, or after a while', () => {
  const plan = (kind: typeof planKind.atHead | typeof planKind.tail) => ({ kind })
  const opened = { type: 'opened', link: 1, room: 1, rights: 3, epoch: new Uint8Array(16), head: 1 } as const
  const seal = new Uint8Array()
  const ends: ((joins: Joins, link: LinkId) => void)[] = [
    (joins, link) => joins.told(link, { type: 'caughtUp', room: 1, through: 1 }),
    (joins, link) => joins.told(link, { ...opened, seal, plan: plan(planKind.atHead) }),
    (joins, link) => joins.told(link, { ...opened, seal, plan: plan(planKind.tail) }),
    (joins, link) => joins.ended(link),
  ]
  for (const end of ends) {
    const joins = new Joins(new Overload(), 0)
    come(joins, joinsAtOnce.settling, 0)
    expect(joins.ask(joining(9_999), 'normal', 0)).toBe(1_000)
    end(joins, 0)
    expect(joins.ask(joining(9_999), 'normal', 0)).toBeUndefined()
    expect(joins.ask(joining(9_998), 'normal', 0)).toBe(1_000)
  }
  const joins = new Joins(new Overload(), 0)
  come(joins, joinsAtOnce.settling, 0)
  expect(joins.ask(joining(9_999), 'normal', joinMsMax)).toBeUndefined()
})

test('[L1] who goes on from a cursor is always let in; a stock client has none', () => {
  const joins = new Joins(overloadIn('shedding'), 0)
  come(joins, joinsAtOnce.settling, 0)
  expect(joins.ask(joining(9_999, 'cursor'), 'bulk', 0)).toBeUndefined()
  expect(joins.ask(joining(9_999, 'cursor', 'stock'), 'bulk', 0)).toBeDefined()
})

test.each<[OverloadMode, DocumentClass, number]>([
  ['normal', 'bulk', joinsAtOnce.normal],
  ['busy', 'bulk', 0],
  ['busy', 'normal', joinsAtOnce.busy],
  ['shedding', 'normal', 0],
  ['shedding', 'critical', joinsAtOnce.normal],
])('[B1] %s: of documents that are %s, %i joins at a time', (mode, documentClass, most) => {
  const overload = overloadIn(mode)
  const told = come(new Joins(overload, 0), most + 1, settled, documentClass)
  expect(told.filter((afterMs) => afterMs === undefined)).toHaveLength(most)
  const least = overload.isShed(documentClass) ? overload.word.afterMs : 1_000
  expect(told.at(-1)).toBe(least)
})
