// How a link that comes in is brought up to date: everything that it may say it has, against everything that the log
// may still serve.
import { expect, test } from 'vitest'
import { knowledgeKind, planKind, planReason } from '../../shared/message.ts'
import type { Knowledge, Plan, PlanReason } from '../../shared/message.ts'
import { planFor } from '../../shared/plan.ts'
import type { Serving } from '../../shared/plan.ts'
import { Branches, Seals } from '../../shared/seals.ts'

const idOf = (n: number): Uint8Array => new Uint8Array(16).fill(n)
const key = new Uint8Array(32)
const epoch = idOf(1)
const otherEpoch = idOf(2)
const stateVector = Uint8Array.of(0)

/** The relay's log has come to 90; this opening of its store began behind 40, the one before behind 0. */
const head = 90
const older = { id: idOf(3), first: 1 }
const newer = { id: idOf(4), first: 41 }
const seals = new Seals(key, '', 'story', new Branches([older, newer], () => head))
const sealOfNow = seals.make(epoch)
const sealBefore = new Seals(key, '', 'story', new Branches([older], () => head)).make(epoch)
const sealOfAnother = new Seals(idOf(7), '', 'story', new Branches([newer], () => head)).make(epoch)

/** Of this document the last row is at 50, and the rows from 20 on are still there. */
const whole: Serving = {
  epoch,
  last: 50,
  servedFrom: 20,
  hasHole: false,
  seals,
  stateVector: () => stateVector,
}
const empty: Serving = { ...whole, last: 0, servedFrom: 0 }
const holed: Serving = { ...whole, hasHole: true }

const nothing: Knowledge = { kind: knowledgeKind.nothing }
const doubt = { kind: knowledgeKind.doubt, epoch }
const content = { kind: knowledgeKind.content, epoch, stateVector: Uint8Array.of(1, 1, 1) }

function cursor(position: number, seal = sealOfNow) {
  return { kind: knowledgeKind.cursor, epoch, seal, position }
}

const atHead: Plan = { kind: planKind.atHead }
const tail: Plan = { kind: planKind.tail }
const all = (reason: PlanReason): Plan => ({ kind: planKind.whole, reason })
const exchange = (reason: PlanReason): Plan => ({ kind: planKind.exchange, reason, stateVector })
const { asked, tooOld, otherBranch, damaged } = planReason

test.each<[string, Knowledge, Serving, Plan]>([
  ['nothing, of an empty log', nothing, empty, atHead],
  ['nothing, of a log', nothing, whole, all(asked)],
  ['nothing, of a log with a hole', nothing, holed, all(asked)],
  ['content of another epoch', { ...content, epoch: otherEpoch }, whole, all(planReason.otherEpoch)],
  ['doubt of another epoch', { ...doubt, epoch: otherEpoch }, whole, all(planReason.otherEpoch)],
  ['a cursor of another epoch', { ...cursor(50), epoch: otherEpoch }, whole, all(planReason.otherEpoch)],
  [
    'content of another epoch, of an empty log',
    { ...content, epoch: otherEpoch },
    empty,
    all(planReason.otherEpoch),
  ],
  ['doubt', doubt, whole, all(asked)],
  ['content', content, whole, exchange(asked)],
  ['content, of an empty log', content, empty, exchange(asked)],
  ['content, of a log with a hole', content, holed, exchange(asked)],
  ['a cursor at the last row', cursor(50), whole, atHead],
  ['a cursor at the beginning of an empty log', cursor(0), empty, atHead],
  ['a cursor before the last row', cursor(49), whole, tail],
  ['the oldest cursor that is served', cursor(20), whole, tail],
  ['a cursor older than that', cursor(19), whole, exchange(tooOld)],
  ['a cursor ahead of the log', cursor(51), whole, exchange(damaged)],
  ['a cursor ahead of an empty log', cursor(1), empty, exchange(damaged)],
  ['a cursor of the opening before', cursor(40, sealBefore), whole, tail],
  ['a cursor behind the end of its opening', cursor(41, sealBefore), whole, exchange(otherBranch)],
  ['a cursor at the head by a branch that is no more', cursor(50, sealBefore), whole, exchange(otherBranch)],
  ['a cursor of another relay', cursor(50, sealOfAnother), whole, exchange(otherBranch)],
  ['a cursor without a seal', cursor(50, new Uint8Array()), whole, exchange(otherBranch)],
  ['a cursor behind all that the relay ever wrote', cursor(91), whole, exchange(otherBranch)],
  ['a cursor of this opening, where rows are missing', cursor(45), holed, tail],
  ['a cursor of this opening at the head, where rows are missing', cursor(50), holed, atHead],
  [
    'a cursor of the opening before, where rows are missing',
    cursor(40, sealBefore),
    holed,
    exchange(damaged),
  ],
  ['a cursor that is too old, where rows are missing', cursor(19), holed, exchange(tooOld)],
])('[C2] [E1] who has %s is brought up to date as it needs', (_, knowledge, serving, plan) => {
  expect(planFor(knowledge, serving)).toEqual(plan)
})
