// The relay's one timer: what rings when, of all that was asked for.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Clock } from '../../server/clock.ts'

const start = 1_000_000
let clock: Clock
let rings: number[]

beforeEach(() => {
  vi.useFakeTimers({ now: start })
  rings = []
  clock = new Clock()
  clock.ring = () => rings.push(Date.now() - start)
})

afterEach(() => {
  clock.stop()
  vi.useRealTimers()
})

test('[L1] a waking that was asked for is not forgotten because an earlier one was asked for too', () => {
  clock.wakeAt(start + 30_000)
  clock.wakeAt(start + 20_000)
  clock.wakeAt(start + 40_000)
  vi.advanceTimersByTime(60_000)
  expect(rings).toEqual([20_000, 30_000, 40_000])
})

test('[B1] however many ask, it rings four times a second at most, and for nobody in vain', () => {
  for (let ms = 0; ms < 1_000; ms++) clock.wakeAt(start + ms)
  vi.advanceTimersByTime(10_000)
  expect(rings).toEqual([250, 500, 750, 1_000])
})

test('[L1] what is further away than a timer can wait is waited for in parts', () => {
  const month = 31 * 24 * 3_600_000
  clock.wakeAt(start + month)
  clock.wakeAt(Number.POSITIVE_INFINITY)
  vi.advanceTimersByTime(month)
  expect(rings).toHaveLength(2)
  expect(rings.at(-1)).toBe(month)
})
