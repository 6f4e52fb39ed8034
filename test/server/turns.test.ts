// turns.test.ts — when what came in goes to the disk: time is stepped, and the process says of itself what the test wants.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Turns } from '../../server/turns.ts'

const pictureMs = 16

let busyShare = 0

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

/** One edit comes at each of these moments; each turn takes what there is. Gives the moments of the turns. */
async function turnsOf(moments: readonly number[], editsEach = 1): Promise<readonly number[]> {
  const turns = new Turns(() => busyShare)
  const found: number[] = []
  const begin = performance.now()
  let waiting = 0
  const come = (): void => {
    waiting += editsEach
    if (waiting > editsEach) return
    turns.end(
      () => {
        found.push(Math.round(performance.now() - begin))
        waiting = 0
      },
      () => waiting,
    )
  }
  for (const moment of moments) setTimeout(come, moment)
  await vi.runAllTimersAsync()
  return found
}

function gapsOf(moments: readonly number[]): readonly number[] {
  return moments.slice(1).map((moment, index) => moment - (moments[index] ?? 0))
}

/** A key every two milliseconds. */
const keys = (fromMs: number, count: number) => Array.from({ length: count }, (_, key) => fromMs + 2 * key)

test('[L1] what comes alone goes to the disk at once', async () => {
  const turns = await turnsOf([10, 110, 210])
  for (const [index, turn] of turns.entries()) expect(turn - 100 * index).toBeLessThanOrEqual(11)
})

test('[L1] what comes close behind is gathered for one picture of a screen', async () => {
  busyShare = 0.1
  expect(gapsOf(await turnsOf(keys(1, 20)))).toEqual([pictureMs, pictureMs, pictureMs])
})

test('[L1] a busy process gathers for three pictures, and not for longer', async () => {
  busyShare = 0.3
  const gaps = gapsOf((await turnsOf(keys(0, 300))).filter((moment) => moment > 300))
  expect(Math.max(...gaps)).toBeLessThanOrEqual(3 * pictureMs + 2)
  expect(Math.min(...gaps.slice(0, -1))).toBeGreaterThanOrEqual(3 * pictureMs)
})

test('[L1] where enough is gathered even a busy process waits for no more than one', async () => {
  busyShare = 0.9
  const gaps = gapsOf((await turnsOf(keys(0, 300), 50)).filter((moment) => moment > 300))
  expect(Math.max(...gaps)).toBeLessThanOrEqual(pictureMs + 2)
})

test('[L1] a process that is no longer busy does not go on gathering', async () => {
  busyShare = 0.9
  setTimeout(() => (busyShare = 0.05), 1_000)
  const gaps = gapsOf((await turnsOf(keys(0, 1_000))).filter((moment) => moment > 1_400))
  expect(Math.max(...gaps)).toBeLessThanOrEqual(pictureMs + 2)
})
