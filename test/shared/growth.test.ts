// How large a document may grow, and when it is worth folding for that.
import { expect, test } from 'vitest'
import { Growth } from '../../shared/growth.ts'

function grown(snapshotBytes: number, ...rows: number[]): Growth {
  const growth = new Growth(1000)
  growth.snapshotBytes = snapshotBytes
  for (const [index, bytes] of rows.entries()) growth.grew(index + 1, bytes)
  return growth
}

test('[B1] what was written since the last fold counts less than what a fold has left', () => {
  expect(grown(0).isTooMuch(1000)).toBe(false)
  expect(grown(0).isTooMuch(1251)).toBe(true)
  expect(grown(900, 200).isTooMuch(100)).toBe(false)
  expect(grown(900, 200).isTooMuch(200)).toBe(true)
  expect(grown(1001).isTooMuch(1)).toBe(true)
})

test('[B1] a document that comes near its limit is folded before it is refused, and not over and over', () => {
  expect(grown(700, 200).wantsFold(false)).toBe(false)
  expect(grown(900, 200).wantsFold(false)).toBe(true)
  // A fold for each keystroke of a document that stays large would help nobody.
  expect(grown(1000, 10).wantsFold(false)).toBe(false)
})
