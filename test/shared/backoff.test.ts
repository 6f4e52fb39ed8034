// backoff.test.ts — how long a replica waits before it connects again.

import { expect, test } from 'vitest'

import { failuresAfter, waitMs } from '../../shared/backoff.ts'

test.each([
  { failures: 1, ceiling: 500 },
  { failures: 2, ceiling: 1_000 },
  { failures: 5, ceiling: 8_000 },
  { failures: 8, ceiling: 60_000 },
  { failures: 1_000_000, ceiling: 60_000 },
])('[L1] after $failures failures a wait is anything up to $ceiling ms', ({ failures, ceiling }) => {
  expect(waitMs(failures, 0)).toBe(0)
  expect(waitMs(failures, 0.5)).toBe(ceiling / 2)
  expect(waitMs(failures, 1 - Number.EPSILON)).toBeLessThan(ceiling)
})

test('[L1] what the relay asks for is a floor, and jitter stands on it', () => {
  expect(waitMs(1, 0, 5_000)).toBe(5_000)
  expect(waitMs(1, 0.5, 5_000)).toBe(5_250)
  expect(waitMs(20, 0.5, 120_000)).toBe(150_000)
})

test('[L1] only a socket that lived for ten seconds makes earlier failures forgotten', () => {
  expect(failuresAfter(4, undefined, 100_000)).toBe(5)
  expect(failuresAfter(4, 90_001, 100_000)).toBe(5)
  expect(failuresAfter(4, 90_000, 100_000)).toBe(1)
})
