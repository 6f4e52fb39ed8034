// Sets of ids against a plain model, and what an update costs where a client has very many ranges.
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { IdRanges } from '../../shared/id-ranges.ts'
import { documentDeletesMax } from '../../shared/limits.ts'
import { LogState } from '../../shared/log-state.ts'
import { RangeList } from '../../shared/range-list.ts'
import { readUpdate } from '../../shared/update-reader.ts'
import type { UpdateFacts } from '../../shared/update-reader.ts'
import { seededRandom } from '../editing-session.ts'
import { bytesOf, repeated } from './hostile-updates.ts'
import { below, type Random } from './random-documents.ts'

function rangesOf(...ranges: readonly (readonly [client: number, from: number, to: number])[]): RangeList {
  const list = new RangeList()
  for (const [client, from, to] of ranges) list.append(client, from, to)
  return list
}

test('[C2] a set of ids holds exactly what was added, in the fewest ranges', () => {
  const step = fc.tuple(fc.nat(4), fc.integer({ min: 1, max: 5 }))
  const client = fc.tuple(fc.nat(2), fc.array(step, { minLength: 1, maxLength: 30 }))
  fc.assert(
    fc.property(fc.array(client, { maxLength: 8 }), fc.nat(2), fc.nat(80), (added, asked, clock) => {
      const ranges = new IdRanges()
      const known = new Set<string>()
      for (const [id, steps] of added) {
        const list = new RangeList()
        let at = 0
        for (const [distance, length] of steps) {
          list.append(id, at + distance, at + distance + length)
          for (let each = at + distance; each < at + distance + length; each++) known.add(`${id} ${each}`)
          at += distance + length
        }
        const expected = ranges.lengthWith(list)
        ranges.add(list)
        expect(ranges.length).toBe(expected)
      }
      const held = [...ranges.toRangeList()]
      expect(held.length).toBe(ranges.length)
      expect(held.reduce((sum, range) => sum + range.to - range.from, 0)).toBe(known.size)
      for (const [index, range] of held.entries()) {
        const last = held[index - 1]
        if (last?.client === range.client) expect(range.from).toBeGreaterThan(last.to)
      }
      expect(ranges.hasAll(rangesOf([asked, clock, clock + 1]))).toBe(known.has(`${asked} ${clock}`))
    }),
    { numRuns: 3_000, seed: 1 },
  )
})

/** Whether each clock is in the set. */
const clocks = 40_000

function rangesOfModel(model: Uint8Array): { client: number; from: number; to: number }[] {
  const ranges: { client: number; from: number; to: number }[] = []
  for (let from = model.indexOf(1); from !== -1;) {
    const end = model.indexOf(0, from)
    const to = end === -1 ? clocks : end
    ranges.push({ client: 1, from, to })
    from = model.indexOf(1, to)
  }
  return ranges
}

/** Many narrow ranges, so that they come to lie in many chunks; now and then wide ones that take whole chunks in. */
function additionOf(random: Random): RangeList {
  const list = new RangeList()
  const isWide = random() < 0.15
  const count = isWide ? 1 + below(random, 3) : 1 + below(random, 1_500)
  const distanceMax = random() < 0.5 ? 6 : clocks / count
  for (let at = below(random, clocks), index = 0; index < count; index++) {
    const from = at + below(random, distanceMax)
    const to = from + 1 + below(random, isWide ? clocks / 6 : 2)
    if (to > clocks) break
    list.append(1, from, to)
    at = to
  }
  return list
}

test('[C2] a set of very many ids is what a plain list of them is', () => {
  let most = 0
  for (let seed = 0; seed < 8; seed++) {
    const random = seededRandom(seed)
    const ranges = new IdRanges()
    const model = new Uint8Array(clocks)
    for (let step = 0; step < 60; step++) {
      const added = additionOf(random)
      const hadAll = [...added].every(({ from, to }) => !model.subarray(from, to).includes(0))
      expect(ranges.hasAll(added), `seed ${seed}, step ${step}`).toBe(hadAll)
      for (const { from, to } of added) model.fill(1, from, to)
      const expected = rangesOfModel(model)
      most = Math.max(most, expected.length)
      expect(ranges.lengthWith(added), `seed ${seed}, step ${step}`).toBe(expected.length)
      ranges.add(added)
      expect(ranges.length, `seed ${seed}, step ${step}`).toBe(expected.length)
      expect([...ranges.toRangeList()], `seed ${seed}, step ${step}`).toEqual(expected)
      expect(ranges.hasAll(added)).toBe(true)
    }
  }
  expect(most).toBeGreaterThan(3_000)
})

/** Every sixth clock of one client is deleted, so many times. */
function logWithRanges(count: number): LogState {
  const log = new LogState()
  const oneLongVoid = [1, 1, 1, 0, 0, count * 6]
  log.add(readUpdate(bytesOf(oneLongVoid, 0)))
  log.add(
    readUpdate(
      bytesOf(
        0,
        1,
        1,
        count,
        repeated(count, (index) => [index * 6, 1]),
      ),
    ),
  )
  return log
}

/** Entries of so many ranges each, which lie between those of the log, all over it. */
function smallEntries(entries: number, ranges: number, count: number): UpdateFacts[] {
  const stride = Math.floor(count / ranges)
  return Array.from({ length: entries }, (_, entry) =>
    readUpdate(
      bytesOf(
        0,
        1,
        1,
        ranges,
        repeated(ranges, (index) => [(index * stride + entry) * 6 + 3, 1]),
      ),
    ),
  )
}

/** All a relay asks of an entry, and that it takes it up if it may: CPU time for one. */
function cpuOfOne(log: LogState, entries: readonly UpdateFacts[]): number {
  const before = process.cpuUsage()
  for (const facts of entries) {
    if (log.addsNothing(facts) || log.gapOf(facts) !== undefined) throw new Error('It is new and whole.')
    if (log.limitBrokenBy(facts) === undefined) log.add(facts)
  }
  const { user, system } = process.cpuUsage(before)
  return (user + system) / entries.length
}

test.each([
  ['of 8 ranges, which enter', 900_000, 8],
  ['of 200 ranges, which enter', 900_000, 200],
  ['of 200 ranges, which are too many', documentDeletesMax, 200],
])('[B1] deletes cost what they are, not what their client deleted before: %s', (_, many, ranges) => {
  const few = 1_000
  const perRange: number[] = []
  // A burst of something else on the machine is no finding: measured again, what is quadratic stays so.
  for (let attempt = 0; attempt < 6; attempt++) {
    const entries = Math.floor(few / ranges)
    const small = Array.from({ length: 60 }, () => logWithRanges(few))
    const facts = smallEntries(entries, ranges, few)
    const cpuSmall = small.reduce((sum, log) => sum + cpuOfOne(log, facts), 0) / small.length
    const cpuLarge = cpuOfOne(logWithRanges(many), smallEntries(300, ranges, many))
    perRange.push(cpuLarge / cpuSmall)
    if (cpuLarge < cpuSmall * 8) return
  }
  expect.fail(`An entry costs ${perRange.map((times) => times.toFixed(1)).join(', ')} times as much.`)
})
