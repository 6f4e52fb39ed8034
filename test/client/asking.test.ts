// asking.test.ts — how an application is asked for tokens, and a browser for its store.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Asking } from '../../client/asking.ts'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

function source(ask: () => Promise<string>) {
  const given: string[] = []
  const failures: string[] = []
  const tokens = new Asking(
    ask,
    (token) => given.push(token),
    (error) => failures.push(String(error)),
  )
  return { tokens, given, failures }
}

test('[L1] an application that fails is asked again, later and later, and at once by a person', async () => {
  let asked = 0
  const { tokens, given, failures } = source(() => {
    asked += 1
    return asked < 4 ? Promise.reject(new Error('Who are you?')) : Promise.resolve('token')
  })
  void tokens.now()
  await vi.advanceTimersByTimeAsync(500)
  expect(asked).toBeGreaterThanOrEqual(2)
  await vi.advanceTimersByTimeAsync(1000)
  expect(failures[0]).toBe('Error: Who are you?')
  tokens.hurry()
  await vi.advanceTimersByTimeAsync(4000)
  expect(given).toEqual(['token'])
})

test('[L1] a token that is refused again and again is no storm', async () => {
  let asked = 0
  const { tokens } = source(() => {
    asked += 1
    queueMicrotask(() => tokens.later())
    return Promise.resolve('refused')
  })
  tokens.later()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(asked).toBeLessThan(40)
  tokens.stop()
})

test('one question at a time', async () => {
  let answer: (token: string) => void = () => undefined
  let asked = 0
  const { tokens, given } = source(() => {
    asked += 1
    return new Promise((resolve) => {
      answer = resolve
    })
  })
  void tokens.now()
  void tokens.now()
  answer('token')
  await vi.advanceTimersByTimeAsync(0)
  expect(asked).toBe(1)
  expect(given).toEqual(['token'])
})
