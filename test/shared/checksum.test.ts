// MurmurHash3: the values that others get, and what it is for: one wrong bit is seen wherever it is.
import { expect, test } from 'vitest'
import { checksumOf } from '../../shared/checksum.ts'
import { seededRandom } from '../editing-session.ts'
import { randomBytes } from './random-updates.ts'

const ascii = (text: string) => new TextEncoder().encode(text)

test.each([
  ['', 0],
  ['test', 0xba6bd213],
  ['Hello, world!', 0xc0363e43],
  ['The quick brown fox jumps over the lazy dog', 0x2e4ff723],
])('the checksum of «%s» is that of every MurmurHash3_x86_32', (text, checksum) => {
  expect(checksumOf(ascii(text))).toBe(checksum)
})

test('[D1] any one bit that is not what it was changes the checksum', () => {
  const random = seededRandom(3)
  for (let length = 1; length < 80; length++) {
    const bytes = randomBytes(random, length)
    const checksum = checksumOf(bytes)
    for (let bit = 0; bit < 8 * length; bit++) {
      const flipped = bytes.slice()
      flipped[bit >> 3]! ^= 1 << (bit & 7)
      expect(checksumOf(flipped)).not.toBe(checksum)
    }
  }
})

test('where the bytes lie makes no difference', () => {
  const around = new Uint8Array(40).fill(7)
  around.set(ascii('Hello, world!'), 3)
  expect(checksumOf(around.subarray(3, 16))).toBe(0xc0363e43)
})
