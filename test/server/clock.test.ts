// The relay's one timer: what rings when, of all that was asked for.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Clock } from '../../server/clock.ts'
import { SteadyTime } from '../../server/steady-time.ts'

const start = 1_000_000
let clock: Clock
let rings: number[]

beforeEach(() => {
  vi.useFakeTimers({ now: start })
  rings = []
  clock = new Clock(() => Date.now())
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

test('[L1] a waking comes when it is due, though the clock of the machine is set back meanwhile', () => {
  const steady = new SteadyTime()
  const unmoved = new Clock(steady.now)
  let isDue = false
  unmoved.ring = () => {
    isDue ||= steady.now() >= start + 20_000
  }
  unmoved.wakeAt(start + 20_000)
  vi.setSystemTime(start - 3_600_000)
  vi.advanceTimersByTime(20_000 / 0.9 + 250)
  expect(isDue).toBe(true)
  unmoved.stop()
})

test('[L1] the time that links wait by follows the clock of the machine forward, and never back', () => {
  let wall = start
  let ran = 0
  const steady = new SteadyTime(
    () => wall,
    () => ran,
  )
  expect(steady.now()).toBe(start)
  ran += 1_000
  wall += 1_000
  expect(steady.now()).toBe(start + 1_000)
  wall -= 3_600_000
  expect(steady.now()).toBe(start + 1_000)
  ran += 1_000
  wall += 1_000
  expect(steady.now()).toBe(start + 1_900)
  // What is to end in five seconds is not over by then.
  expect(steady.of(wall + 5_000)).toBe(start + 6_900)
  // A tenth more slowly, the two have met again after ten times as long.
  ran += 36_000_000
  wall += 36_000_000
  expect(steady.now()).toBe(wall)
  wall += 7_200_000
  expect(steady.now()).toBe(wall)
})
