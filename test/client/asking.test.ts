// asking.test.ts — how an application is asked for tokens, and a browser for its store.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Asking } from '../../client/asking.ts'

beforeEach(() => vi.useFakeTimers())
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

function source(ask: () => Promise<string>, answerMsMax?: number) {
  const given: string[] = []
  const failures: string[] = []
  const tokens = new Asking(
    ask,
    (token) => given.push(token),
    (error) => failures.push(String(error)),
    answerMsMax,
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

/** Questions that are answered by hand. */
function openQuestions() {
  const answers: ((token: string) => void)[] = []
  const asked = source(() => new Promise((resolve) => answers.push(resolve)), 30_000)
  return { ...asked, answers }
}

test('[L1] a question that nobody answers is told of, and asked again', async () => {
  const { tokens, given, failures, answers } = openQuestions()
  void tokens.now()
  await vi.advanceTimersByTimeAsync(30_000)
  expect(failures).toEqual(['SynclineError: There was no answer. It is asked again.'])
  await vi.advanceTimersByTimeAsync(1_000)
  expect(answers).toHaveLength(2)
  answers[1]?.('token')
  await vi.advanceTimersByTimeAsync(0)
  answers[0]?.('late')
  await vi.advanceTimersByTimeAsync(600_000)
  expect([given, answers.length]).toEqual([['token'], 2])
})

test('[L1] an answer that comes late, and first, counts, and nobody is asked once more', async () => {
  const { tokens, given, answers } = openQuestions()
  void tokens.now()
  await vi.advanceTimersByTimeAsync(30_000)
  answers[0]?.('late')
  await vi.advanceTimersByTimeAsync(600_000)
  expect([given, answers.length]).toEqual([['late'], 1])
})

test('[L1] a person does not wait for a question that hangs', async () => {
  const { tokens, given, failures, answers } = openQuestions()
  void tokens.now()
  tokens.hurry()
  answers[1]?.('token')
  await vi.advanceTimersByTimeAsync(600_000)
  expect([given, failures, answers.length]).toEqual([['token'], [], 2])
})

test('a store, of which there is one, is asked for once however long it takes', async () => {
  let asked = 0
  const { tokens } = source(() => {
    asked += 1
    return new Promise(() => undefined)
  })
  void tokens.now()
  tokens.hurry()
  await vi.advanceTimersByTimeAsync(600_000)
  expect(asked).toBe(1)
})

test('[L1] who is asked again by a person is asked as often again as at first, if that fails too', async () => {
  vi.spyOn(Math, 'random').mockReturnValue(0.99)
  let asked = 0
  const { tokens } = source(() => {
    asked += 1
    return Promise.reject(new Error('No.'))
  })
  void tokens.now()
  await vi.advanceTimersByTimeAsync(600_000)
  asked = 0
  tokens.hurry()
  await vi.advanceTimersByTimeAsync(10_000)
  expect(asked).toBeGreaterThanOrEqual(3)
  tokens.stop()
})
