// The decisions that a room is made of, each by itself: answers, claims, seals, growth.
import { expect, test } from 'vitest'
import { Acks } from '../../shared/acks.ts'
import { Backlog } from '../../shared/backlog.ts'
import { Claims } from '../../shared/claims.ts'
import { counterRanges } from '../../shared/counter-ranges.ts'
import { Growth } from '../../shared/growth.ts'
import { hmac } from '../../shared/hmac.ts'
import { foldRowsMin, tailRowsMax } from '../../shared/limits.ts'
import { Branches, Seals } from '../../shared/seals.ts'

test('[D1] an answer waits for everything that was on its way when it was asked for', () => {
  const acks = new Acks<string, string>(new Backlog())
  acks.appended()
  acks.wait('ana', 'first', 1)
  acks.appended()
  acks.wait('ben', 'copy of the first', 1)
  expect(acks.take()).toEqual([])
  acks.becameDurable(1)
  expect(acks.take().map(({ answer }) => answer)).toEqual(['first'])
  acks.becameDurable(1)
  expect(acks.take().map(({ answer }) => answer)).toEqual(['copy of the first'])
  acks.wait('ana', 'long known', 1)
  expect(acks.take().map(({ answer }) => answer)).toEqual(['long known'])
})

test('[P1] the first who speaks for a client id owns it', () => {
  const claims = new Claims()
  claims.claim(1, 'ana')
  claims.claim(1, 'ben')
  expect([claims.isForeign(1, 'ana'), claims.isForeign(1, 'ben'), claims.isForeign(2, 'ben')]).toEqual([
    false,
    true,
    false,
  ])
})

test('[C2] a seal holds through the last position of the branch it was made in', () => {
  const branch = (n: number) => new Uint8Array(16).fill(n)
  let head = 10
  const key = new Uint8Array(32)
  const before = new Branches([{ id: branch(1), first: 1 }], () => head)
  const epoch = new Uint8Array(16)
  const seal = new Seals(key, '', 'story', before).make(epoch)
  const branches = new Branches(
    [
      { id: branch(1), first: 1 },
      { id: branch(2), first: 8 },
    ],
    () => head,
  )
  const seals = new Seals(key, '', 'story', branches)
  expect([0, 7, 8, 10].map((position) => seals.holds(epoch, seal, position))).toEqual([
    true,
    true,
    false,
    false,
  ])
  const later = seals.make(epoch)
  expect([6, 7, 10, 11].map((position) => seals.holds(epoch, later, position))).toEqual([
    true,
    true,
    true,
    false,
  ])
  head = 11
  expect(seals.holds(epoch, later, 11)).toBe(true)
})

test('[S1] a seal of another document, tenant, epoch or relay does not hold', () => {
  const branches = new Branches([{ id: new Uint8Array(16), first: 1 }], () => 5)
  const key = new Uint8Array(32)
  const epoch = new Uint8Array(16)
  const seal = new Seals(key, 'acme', 'story', branches).make(epoch)
  const others = [
    new Seals(key, 'acme', 'storx', branches),
    new Seals(key, 'acm', 'estory', branches),
    new Seals(new Uint8Array(32).fill(1), 'acme', 'story', branches),
  ]
  expect(others.map((other) => other.holds(epoch, seal, 3))).toEqual([false, false, false])
  const same = new Seals(key, 'acme', 'story', branches)
  expect(same.holds(epoch, seal, 3)).toBe(true)
  expect(same.holds(new Uint8Array(16).fill(1), seal, 3)).toBe(false)
  for (let length = 0; length < seal.length; length++) {
    expect(same.holds(epoch, seal.subarray(0, length), 3)).toBe(false)
  }
})

test('[S1] HMAC-SHA-256 gives the values of RFC 4231', () => {
  const hex = (text: Uint8Array) => Buffer.from(text).toString('hex')
  const ascii = (text: string) => new TextEncoder().encode(text)
  expect(hex(hmac(ascii('Jefe'), ascii('what do ya want for nothing?')))).toBe(
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  )
  const long = new Uint8Array(131).fill(0xaa)
  expect(hex(hmac(long, ascii('Test Using Larger Than Block-Size Key - Hash Key First')))).toBe(
    '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
  )
})

test('[C2] a log is folded when enough was written, and keeps a tail for cursors of late', () => {
  const growth = new Growth(100 * 1024 * 1024)
  for (let position = 1; position < foldRowsMin; position++) growth.grew(position, 10)
  expect(growth.wantsFold(false)).toBe(false)
  growth.grew(foldRowsMin, 10)
  expect(growth.wantsFold(false)).toBe(true)
  growth.beginFold()
  expect(growth.wantsFold(false)).toBe(false)
  expect(growth.tailFrom(foldRowsMin)).toBe(foldRowsMin - tailRowsMax)
  growth.folded(foldRowsMin)
  growth.endFold(true)
  expect(growth.wantsFold(false)).toBe(false)
})

test('counters are named as ranges', () => {
  expect(counterRanges([5, 3, 4, 9, 3])).toEqual([
    { from: 3, count: 3 },
    { from: 9, count: 1 },
  ])
})
