// What a person may read of a socket that ended, or of a request that was refused: whole sentences that say what to do, and the word by which it is counted.
import { expect, test } from 'vitest'
import { ApiProblem, apiProblemCodes } from '../../server/api-problem.ts'
import { refusal, refusalCodes } from '../../server/refusals.ts'
import {
  beingStopped,
  nameTooLong,
  partWasLost,
  relayFailed,
  tooFast,
  tooMuchUnknown,
  tooSlow,
  unreadable,
} from '../../server/sentences.ts'
import { documentNameBytesMax } from '../../shared/limits.ts'

/** A close frame has 125 bytes, and two of them are the code. */
const closeReasonBytesMax = 123

const sentences = {
  beingStopped,
  nameTooLong,
  partWasLost,
  tooMuchUnknown,
  tooSlow,
  tooFast: tooFast(9_500),
  relayFailed: relayFailed('0011aabb'),
  relayFailedUntraced: relayFailed(undefined),
  unreadable: unreadable('too-many-subdocuments'),
  tooLarge: unreadable('too-many-clients'),
  ...Object.fromEntries(refusalCodes.map((code) => [code, refusal(code).reason])),
}

test.each(Object.entries(sentences))(
  '[L1] «%s» is why, what to do and a word, in a close frame',
  (_, said) => {
    expect(said).toMatch(/^[A-Z].+[.:?] [A-Z].+\. \([a-z-]+\)$/)
    expect(Buffer.byteLength(said)).toBeLessThanOrEqual(closeReasonBytesMax)
  },
)

test('[B1] the name that is too long is told the length that is not', () => {
  expect(nameTooLong).toContain(`${documentNameBytesMax.toLocaleString('en')} bytes`)
})

test.each(apiProblemCodes)('[L1] over HTTP «%s» is why, and what to do', (code) => {
  expect(new ApiProblem(code).message).toMatch(/^[A-Z].+[.:?] [A-Z].+\.$/)
})
