// The relay's records, PROTOCOL §13: their bytes as they stand on disks, every record both ways, the order of keys.
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { documentStage } from '../../shared/document-state.ts'
import { entryKind, refusedCode } from '../../shared/message.ts'
import * as keys from '../../shared/record-keys.ts'
import type { RecordKey } from '../../shared/record-keys.ts'
import * as records from '../../shared/relay-records.ts'
import { checksumOf } from '../../shared/checksum.ts'
import { StoreError } from '../../shared/store.ts'
import type { KeyRange } from '../../shared/store.ts'

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const unhex = (digits: string) => new Uint8Array(Buffer.from(digits.replaceAll(' ', ''), 'hex'))
const counted = (from: number, length: number) => Uint8Array.from({ length }, (_, index) => from + index)

const epoch = counted(0xe0, 16)
const replica = counted(0x10, 16)
const hash = counted(0x80, 16)
const history = { tenant: 'é', document: 'ab', epoch }
const epochHex = '0010 e0e1e2e3e4e5e6e7e8e9eaebecedeeef'
const historyHex = `0002 c3a9 0002 6162 ${epochHex}`
const position = 0x0102030405

const goldenKeys: readonly [RecordKey, Uint8Array, string][] = [
  [{ type: 'format' }, keys.formatKey(), '66'],
  [{ type: 'secretKey' }, keys.secretKeyKey(), '6b'],
  [{ type: 'head', tenant: 'é' }, keys.headKey('é'), '74 0002 c3a9'],
  [{ type: 'head', tenant: '' }, keys.headKey(''), '74 0000'],
  [{ type: 'branch', tenant: 'é', first: 1 }, keys.branchKey('é', 1), '62 0002 c3a9 0000000000000001'],
  [{ type: 'document', tenant: 'é', document: 'ab' }, keys.documentKey(history), '64 0002 c3a9 0002 6162'],
  [
    { type: 'row', ...history, position },
    keys.rowKey(history, position),
    `72 ${historyHex} 0000000102030405`,
  ],
  [
    { type: 'piece', ...history, through: 7, index: 256 },
    keys.pieceKey(history, 7, 256),
    `73 ${historyHex} 0000000000000007 0000000000000100`,
  ],
  [
    { type: 'change', tenant: 'é', last: Number.MAX_SAFE_INTEGER },
    keys.changeKey('é', Number.MAX_SAFE_INTEGER),
    '63 0002 c3a9 001fffffffffffff',
  ],
  [
    { type: 'answer', ...history, replica, counter: 9, hash },
    keys.answerKey({ ...history, replica, counter: 9, hash }),
    `61 ${historyHex} 0010 101112131415161718191a1b1c1d1e1f 0000000000000009 0010 808182838485868788898a8b8c8d8e8f`,
  ],
  [
    { type: 'owner', tenant: 'é', replica },
    keys.ownerKey('é', replica),
    '6f 0002 c3a9 0010 101112131415161718191a1b1c1d1e1f',
  ],
  [{ type: 'cleanUp', ...history }, keys.cleanUpKey(history), `67 ${historyHex}`],
  [{ type: 'claims', ...history }, keys.claimsKey(history), `77 ${historyHex}`],
  [{ type: 'logState', ...history }, keys.logStateKey(history), `6c ${historyHex}`],
  [{ type: 'quarantined', key: unhex('74 00') }, keys.quarantinedKey(unhex('74 00')), '71 7400'],
  [{ type: 'migration' }, keys.migrationKey(), '6d'],
  [
    { type: 'revokedSubject', tenant: 'é', subject: 'ab' },
    keys.revokedSubjectKey('é', 'ab'),
    '76 0002 c3a9 0002 6162',
  ],
  [
    { type: 'revokedToken', tenant: 'é', id: 'ab' },
    keys.revokedTokenKey('é', 'ab'),
    '6a 0002 c3a9 0002 6162',
  ],
  // Of before the first release: in all tenants.
  [{ type: 'revokedToken', id: 'ab' }, unhex('6a 0002 6162'), '6a 0002 6162'],
  [{ type: 'revokedBefore' }, keys.revokedBeforeKey(), '65'],
]

const document = { epoch, servedFrom: 300, foldedThrough: 0, last: 301, stage: documentStage.purged }
const update = Uint8Array.of(0, 0)
const row = { previous: 300, kind: entryKind.edit, author: counted(0x10, 8), update }
const unsigned = { previous: 0, kind: entryKind.repair, author: undefined, update: new Uint8Array() }
const change = { document: 'ab', epoch, stage: documentStage.live }
const purge = { ...change, stage: documentStage.purged }
const claims = [
  { author: counted(0x10, 8), clients: [1, 300] },
  { author: counted(0x20, 8), clients: [] },
]
const answer = { code: refusedCode.badUpdate, reason: 'né' }
const logState = { through: 300, snapshotBytes: 7, state: Uint8Array.of(0, 0, 0) }

type Golden = readonly [name: string, value: unknown, bytes: Uint8Array, read: unknown, hex: string]

const golden = <Value>(
  name: string,
  value: Value,
  encode: (value: Value) => Uint8Array,
  decode: (bytes: Uint8Array) => Value,
  digits: string,
): Golden => [name, value, encode(value), decode(encode(value)), digits]

const goldenValues: readonly Golden[] = [
  golden('format', records.diskFormatVersion, records.encodeFormat, records.decodeFormat, '04'),
  golden('secret key', counted(0, 32), records.encodeSecretKey, records.decodeSecretKey, hex(counted(0, 32))),
  golden('head', 300, records.encodeHead, records.decodeHead, 'ac02'),
  golden('branch', epoch, records.encodeBranch, records.decodeBranch, hex(epoch)),
  golden(
    'document',
    document,
    records.encodeDocument,
    records.decodeDocument,
    `${hex(epoch)} ac02 00 ad02 01`,
  ),
  golden('row', row, records.encodeRow, records.decodeRow, 'ac02 00 1011121314151617 0000'),
  golden('row of nobody', unsigned, records.encodeRow, records.decodeRow, '00 02 0000000000000000'),
  golden('change', change, records.encodeChange, records.decodeChange, `02 6162 ${hex(epoch)}`),
  golden('purge', purge, records.encodeChange, records.decodeChange, `02 6162 ${hex(epoch)} 01`),
  golden(
    'claims',
    claims,
    records.encodeClaims,
    records.decodeClaims,
    '1011121314151617 02 01 ac02 2021222324252627 00',
  ),
  golden('answer', answer, records.encodeAnswer, records.decodeAnswer, '14 03 6ec3a9'),
  golden('revocation', 300, records.encodeRevoked, records.decodeRevoked, 'ac02'),
  golden('owner', counted(0, 32), records.encodeOwner, records.decodeOwner, hex(counted(0, 32))),
  golden('piece', update, records.encodePiece, records.decodePiece, '0000'),
  golden('log state', logState, records.encodeLogState, records.decodeLogState, 'ac02 07 000000'),
]

/** High byte first. */
const checksumHex = (bytes: Uint8Array) => checksumOf(bytes).toString(16).padStart(8, '0')

describe('the bytes on the disk are those of format 4:', () => {
  test.each(goldenKeys)('[C2] key of %o', (key, bytes, digits) => {
    expect(hex(bytes)).toBe(digits.replaceAll(' ', ''))
    expect(keys.decodeKey(unhex(digits))).toEqual(key)
  })

  test.each(goldenValues)('[C2] %s', (name, value, bytes, read, digits) => {
    // Of whatever version it is, the format has to be read.
    const checksum = name === 'format' ? '' : checksumHex(unhex(digits))
    expect(hex(bytes)).toBe(digits.replaceAll(' ', '') + checksum)
    expect(read).toEqual(value)
  })
})

const decoders = {
  key: keys.decodeKey,
  format: records.decodeFormat,
  secretKey: records.decodeSecretKey,
  head: records.decodeHead,
  branch: records.decodeBranch,
  document: records.decodeDocument,
  row: records.decodeRow,
  change: records.decodeChange,
  claims: records.decodeClaims,
  revoked: records.decodeRevoked,
  answer: records.decodeAnswer,
  owner: records.decodeOwner,
  piece: records.decodePiece,
  logState: records.decodeLogState,
}

const isReadOrDamaged = (decode: (bytes: Uint8Array) => unknown, bytes: Uint8Array) => {
  try {
    decode(bytes)
    return true
  } catch (error) {
    return error instanceof StoreError && error.code === 'damaged'
  }
}

const valid = [...goldenKeys.map(([, bytes]) => bytes), ...goldenValues.map(([, , bytes]) => bytes)]

test.each(Object.entries(decoders))('[W1] any bytes are a %s or damaged', (_name, decode) => {
  const almostValid = fc
    .tuple(fc.constantFrom(...valid), fc.nat(200), fc.nat(255), fc.nat(3))
    .map(([bytes, at, byte, cut]) => {
      const changed = bytes.slice(0, bytes.length - cut)
      if (at < changed.length) changed[at] = byte
      return changed
    })
  fc.assert(
    fc.property(
      fc.oneof(fc.uint8Array({ maxLength: 80 }), almostValid),
      (bytes) => isReadOrDamaged(decode, bytes) && isReadOrDamaged(decode, records.withChecksum(bytes)),
    ),
    { numRuns: 3000 },
  )
})

test.each([
  ['a key without its letter', keys.decodeKey, ''],
  ['a key of an unknown letter', keys.decodeKey, '7a'],
  ['a key with something behind it', keys.decodeKey, '66 00'],
  ['a tenant that is not UTF-8', keys.decodeKey, '74 0001 ff'],
  ['a tenant that is cut', keys.decodeKey, '74 0002 61'],
  ['a position past 2^53 - 1', keys.decodeKey, '62 0000 0020000000000000'],
  ['an epoch of 15 bytes', keys.decodeKey, `72 0000 0000 000f ${hex(counted(0, 15))} 0000000000000001`],
  ['a row of an unknown kind', records.decodeRow, '00 03 0000000000000000'],
  ['a row that is cut in its author', records.decodeRow, '00 00 00000000'],
  ['a document with something behind it', records.decodeDocument, `${hex(epoch)} 00 00 00 00 00`],
  ['an answer of an unknown code', records.decodeAnswer, '01 00'],
  ['a secret key of 31 bytes', records.decodeSecretKey, hex(counted(0, 31))],
])('[W1] %s is damaged', (_name, decode: (bytes: Uint8Array) => unknown, digits) => {
  const bytes = decode === keys.decodeKey ? unhex(digits) : records.withChecksum(unhex(digits))
  expect(() => decode(bytes)).toThrow(StoreError)
  expect(() => decode(bytes)).toThrow(expect.objectContaining({ code: 'damaged' }))
})

test('[D1] a record of which one bit is not what was written is damaged', () => {
  const bytes = records.encodeRow(row)
  for (let bit = 0; bit < 8 * bytes.length; bit++) {
    const flipped = bytes.slice()
    flipped[bit >> 3]! ^= 1 << (bit & 7)
    expect(() => records.decodeRow(flipped)).toThrow(expect.objectContaining({ code: 'damaged' }))
  }
})

test('[S1] a name that would share its records with another is refused, and one too long for a key', () => {
  for (const name of ['a\ud800', '\udc00', 'x'.repeat(65_536)]) {
    expect(() => keys.headKey(name)).toThrow(
      expect.objectContaining({ code: 'not-encodable', blame: 'self' }),
    )
  }
  expect(keys.decodeKey(keys.headKey('x'.repeat(65_535)))).toMatchObject({ type: 'head' })
  expect(() => keys.rowKey(history, -1)).toThrow('number')
  expect(() => keys.rowKey(history, 2 ** 53)).toThrow('number')
})

// Any record.

const name = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 4 }),
  fc.constantFrom('', 'a', 'ab', 'a\0', '\0'),
)
const number = fc.oneof(fc.maxSafeNat(), fc.nat(300), fc.constantFrom(255, 256, 2 ** 32, 2 ** 32 - 1))
const bytesOf = (length: number) =>
  fc.oneof(
    fc.uint8Array({ minLength: length, maxLength: length }),
    fc.constantFrom(0, 0xff).map((byte) => new Uint8Array(length).fill(byte)),
  )
const anyPlace = fc.record({ tenant: name, document: name })
const anyHistory = fc.record({ tenant: name, document: name, epoch: bytesOf(16) })

test('[C2] any key comes back as it went', () => {
  fc.assert(
    fc.property(anyHistory, bytesOf(16), bytesOf(16), number, number, (place, device, digest, one, other) => {
      const { tenant, document: named } = place
      const entry = { ...place, replica: device, counter: one, hash: digest }
      const expected: [Uint8Array, RecordKey][] = [
        [keys.headKey(tenant), { type: 'head', tenant }],
        [keys.branchKey(tenant, one), { type: 'branch', tenant, first: one }],
        [keys.documentKey(place), { type: 'document', tenant, document: named }],
        [keys.rowKey(place, one), { type: 'row', ...place, position: one }],
        [keys.pieceKey(place, one, other), { type: 'piece', ...place, through: one, index: other }],
        [keys.changeKey(tenant, one), { type: 'change', tenant, last: one }],
        [keys.answerKey(entry), { type: 'answer', ...entry }],
        [keys.ownerKey(tenant, device), { type: 'owner', tenant, replica: device }],
      ]
      for (const [bytes, key] of expected) expect(keys.decodeKey(bytes)).toEqual(key)
    }),
    { numRuns: 1000 },
  )
})

test('[C2] any value comes back as it went', () => {
  const author = fc.option(
    bytesOf(records.authorBytes).filter((bytes) => bytes.some((byte) => byte !== 0)),
    { nil: undefined },
  )
  const anyRow = fc.record({
    previous: number,
    kind: fc.constantFrom(...Object.values(entryKind)),
    author,
    update: fc.uint8Array(),
  })
  const anyDocument = fc.record({
    epoch: bytesOf(16),
    servedFrom: number,
    foldedThrough: number,
    last: number,
    stage: fc.constantFrom(...Object.values(documentStage)),
  })
  const stage = fc.constantFrom(...Object.values(documentStage))
  const anyChange = fc.record({ document: name, epoch: bytesOf(16), stage })
  const anyClaims = fc.array(fc.record({ author: bytesOf(records.authorBytes), clients: fc.array(number) }))
  const anyAnswer = fc.record({ code: fc.constantFrom(...Object.values(refusedCode)), reason: name })
  fc.assert(
    fc.property(
      anyRow,
      anyDocument,
      anyChange,
      anyAnswer,
      anyClaims,
      number,
      (aRow, aDocument, aChange, anAnswer, someClaims, head) => {
        expect(records.decodeRow(records.encodeRow(aRow))).toEqual(aRow)
        expect(records.decodeDocument(records.encodeDocument(aDocument))).toEqual(aDocument)
        expect(records.decodeChange(records.encodeChange(aChange))).toEqual(aChange)
        expect(records.decodeAnswer(records.encodeAnswer(anAnswer))).toEqual(anAnswer)
        expect(records.decodeClaims(records.encodeClaims(someClaims))).toEqual(someClaims)
        expect(records.decodeHead(records.encodeHead(head))).toBe(head)
      },
    ),
    { numRuns: 1000 },
  )
})

// Order.

const isBefore = (left: Uint8Array, right: Uint8Array) => Buffer.compare(left, right) < 0
const isIn = (key: Uint8Array, { from, to }: KeyRange) => !isBefore(key, from) && isBefore(key, to)

test('[C2] rows, pieces, changes and branches lie in the order of their numbers', () => {
  fc.assert(
    fc.property(anyHistory, number, number, number, (place, one, other, index) => {
      const { tenant } = place
      expect(isBefore(keys.rowKey(place, one), keys.rowKey(place, other))).toBe(one < other)
      expect(isBefore(keys.changeKey(tenant, one), keys.changeKey(tenant, other))).toBe(one < other)
      expect(isBefore(keys.branchKey(tenant, one), keys.branchKey(tenant, other))).toBe(one < other)
      const [left, right] = [keys.pieceKey(place, one, index), keys.pieceKey(place, other, index)]
      expect(isBefore(left, right)).toBe(one < other)
      expect(isBefore(keys.pieceKey(place, index, one), keys.pieceKey(place, index, other))).toBe(one < other)
    }),
    { numRuns: 2000 },
  )
})

test('[C2] a range of rows is those after one position through another, of changes those after one', () => {
  fc.assert(
    fc.property(anyHistory, number, number, number, (place, after, through, at) => {
      expect(isIn(keys.rowKey(place, at), keys.rowRange(place, after))).toBe(at > after)
      expect(isIn(keys.rowKey(place, at), keys.rowRange(place, after, through))).toBe(
        at > after && at <= through,
      )
      expect(isIn(keys.changeKey(place.tenant, at), keys.changeRange(place.tenant, after))).toBe(at > after)
    }),
    { numRuns: 2000 },
  )
})

test('[C2] the pieces of a snapshot are in its range from an index on, all others in the other ranges', () => {
  fc.assert(
    fc.property(anyHistory, number, number, number, number, (place, through, other, from, index) => {
      const own = keys.pieceKey(place, through, index)
      expect(isIn(own, keys.pieceRange(place, through, from))).toBe(index >= from)
      for (const beside of keys.otherPieceRanges(place, through)) expect(isIn(own, beside)).toBe(false)
      if (other === through) return
      const key = keys.pieceKey(place, other, index)
      expect(isIn(key, keys.pieceRange(place, through))).toBe(false)
      expect(keys.otherPieceRanges(place, through).filter((range) => isIn(key, range))).toHaveLength(1)
    }),
    { numRuns: 2000 },
  )
})

test('[S1] [E1] no record of one tenant, document or epoch is in a range of another', () => {
  fc.assert(
    fc.property(anyHistory, anyHistory, bytesOf(16), number, number, (place, other, device, one, two) => {
      const sameTenant = place.tenant === other.tenant
      const sameDocument = sameTenant && place.document === other.document
      const sameEpoch = sameDocument && hex(place.epoch) === hex(other.epoch)
      const entry = { ...place, replica: device, counter: one, hash: device }
      const { tenant } = place

      expect(isIn(keys.rowKey(place, Math.max(one, 1)), keys.rowRange(other, 0))).toBe(sameEpoch)
      expect(isIn(keys.pieceKey(place, one, two), keys.pieceRange(other, one))).toBe(sameEpoch)
      expect(isIn(keys.answerKey(entry), keys.answerRange(other))).toBe(sameEpoch)
      expect(isIn(keys.documentKey(place), keys.documentRange(other.tenant))).toBe(sameTenant)
      expect(isIn(keys.branchKey(tenant, one), keys.branchRange(other.tenant))).toBe(sameTenant)
      expect(isIn(keys.changeKey(tenant, Math.max(one, 1)), keys.changeRange(other.tenant, 0))).toBe(
        sameTenant,
      )

      expect(isIn(keys.cleanUpKey(place), keys.cleanUpRange(other.tenant))).toBe(sameTenant)

      const inHistory = [
        keys.rowKey(place, one),
        keys.pieceKey(place, one, two),
        keys.answerKey(entry),
        keys.claimsKey(place),
      ]
      const { tenant: otherTenant, document: otherDocument } = other
      const underDocument = keys.historyRanges({ tenant: otherTenant, document: otherDocument })
      for (const key of inHistory) {
        expect(keys.historyRanges(other).some((range) => isIn(key, range))).toBe(sameEpoch)
        expect(underDocument.some((range) => isIn(key, range))).toBe(sameDocument)
      }
    }),
    { numRuns: 3000 },
  )
})

test('[S1] records of different kinds share no range, and all are in everything', () => {
  fc.assert(
    fc.property(anyPlace, bytesOf(16), number, ({ tenant, document: named }, id, one) => {
      const place = { tenant, document: named, epoch: id }
      const entry = { ...place, replica: id, counter: one, hash: id }
      const allKeys: Record<RecordKey['type'], Uint8Array> = {
        format: keys.formatKey(),
        secretKey: keys.secretKeyKey(),
        head: keys.headKey(tenant),
        branch: keys.branchKey(tenant, one),
        document: keys.documentKey(place),
        row: keys.rowKey(place, Math.max(one, 1)),
        piece: keys.pieceKey(place, one, one),
        change: keys.changeKey(tenant, Math.max(one, 1)),
        answer: keys.answerKey(entry),
        owner: keys.ownerKey(tenant, id),
        cleanUp: keys.cleanUpKey(place),
        claims: keys.claimsKey(place),
        logState: keys.logStateKey(place),
        quarantined: keys.quarantinedKey(keys.headKey(tenant)),
        migration: keys.migrationKey(),
        probe: keys.probeKey(),
        told: keys.toldKey(tenant),
        revokedSubject: keys.revokedSubjectKey(tenant, named),
        revokedToken: keys.revokedTokenKey(tenant, named),
        revokedBefore: keys.revokedBeforeKey(),
      }
      const ranges: Partial<Record<RecordKey['type'], KeyRange>> = {
        head: keys.headRange(),
        branch: keys.branchRange(tenant),
        document: keys.documentRange(tenant),
        row: keys.rowRange(place, 0),
        piece: keys.pieceRange(place, one),
        change: keys.changeRange(tenant, 0),
        answer: keys.answerRange(place),
        cleanUp: keys.cleanUpRange(tenant),
        revokedSubject: keys.revokedRanges()[0],
        revokedToken: keys.revokedRanges()[1],
      }
      for (const [type, key] of Object.entries(allKeys)) {
        expect(isIn(key, keys.everything)).toBe(true)
        for (const [ofType, range] of Object.entries(ranges)) expect(isIn(key, range)).toBe(type === ofType)
      }
    }),
    { numRuns: 500 },
  )
})
