// hostile-updates.ts — every malformed or malicious shape of an update that is known to hurt Yjs, by name, with
// the code it must be refused with. Knows: the V1 format to the byte. Must not know: the reader's code.

import * as encoding from 'lib0/encoding'

import type { ProtocolErrorCode } from '../../shared/protocol-error.ts'

export interface HostileUpdate {
  /** What it is, and what it does to a peer that takes it. */
  readonly shape: string
  readonly bytes: Uint8Array
  readonly code: ProtocolErrorCode
}

/** A part of an update: a number as varint, a text with its length, bytes as they are, parts in turn. */
export type Part = number | string | Uint8Array | readonly Part[]

const victim = 4_000_000_000
const noDeletes = 0

/** Info bytes: content with an explicit parent, the root `t`. */
const gc = 0
const deleted = 1
const json = 2
const embed = 5
const format = 6
const type = 7
const any = 8
const subdocument = 9
const skip = 10
const inRoot: Part = [1, 't']

export function bytesOf(...parts: readonly Part[]): Uint8Array {
  return encoding.encode((encoder) => write(encoder, parts))
}

function write(encoder: encoding.Encoder, part: Part): void {
  if (typeof part === 'number') encoding.writeVarUint(encoder, part)
  else if (typeof part === 'string') encoding.writeVarString(encoder, part)
  else if (part instanceof Uint8Array) encoding.writeUint8Array(encoder, part)
  else for (const inner of part) write(encoder, inner)
}

export function repeated(count: number, part: (index: number) => Part): Part {
  return Array.from({ length: count }, (_, index) => part(index))
}

/** An update that holds one struct of the client 1 at the clock 0. */
export function oneStruct(...parts: readonly Part[]): Uint8Array {
  return bytesOf(1, 1, 1, 0, ...parts, noDeletes)
}

export function raw(...bytes: readonly number[]): Uint8Array {
  return Uint8Array.from(bytes)
}

function valueOf(value: unknown): Uint8Array {
  return encoding.encode((encoder) => encoding.writeAny(encoder, value as string))
}

/** Types each of which lies in the one before. */
export function nestedTypes(depth: number): Uint8Array {
  const inner = repeated(depth - 1, (index) => [type, 0, 1, index, 0])
  return bytesOf(1, depth, 1, 0, type, inRoot, 0, inner, noDeletes)
}

/** The same, but each type only names the text beside it as its origin. */
function nestedBesideTexts(depth: number): Uint8Array {
  const levels = repeated(depth, (level) => [raw(type | 128), 1, level * 2, 0, 4, 0, 1, level * 2 + 1, 'x'])
  return bytesOf(1, depth * 2 + 1, 1, 0, 4, inRoot, 'x', levels, noDeletes)
}

export type NestedHow = 'straight' | 'beside a text' | 'before a text' | 'by turns of two clients'

/** Types each of which lies in the one before, so many of them in each update, however each says where it lies. */
export function nestedOver(depth: number, perUpdate: number, how: NestedHow): Uint8Array[] {
  return Array.from({ length: Math.ceil(depth / perUpdate) }, (_, index) => {
    const from = index * perUpdate
    return levelsOf(from, Math.min(perUpdate, depth - from), how)
  })
}

function levelsOf(from: number, count: number, how: NestedHow): Uint8Array {
  const levels = Array.from({ length: count }, (_, index) => from + index)
  const parentOf = (level: number, client: number, clock: number): Part => {
    return level === 0 ? inRoot : [0, client, clock]
  }
  switch (how) {
    case 'straight':
      return bytesOf(
        1,
        count,
        1,
        from,
        levels.map((level) => [type, parentOf(level, 1, level - 1), 0]),
        noDeletes,
      )
    // The text says where it lies, the type only between what, or behind or before what.
    case 'beside a text':
    case 'before a text': {
      const side = how === 'beside a text' ? 128 : 64
      const pairs = levels.map((level): Part => {
        const text = level * 2
        return [4, parentOf(level, 1, text - 1), 'x', raw(type | side), 1, text, 0]
      })
      return bytesOf(1, count * 2, 1, from * 2, pairs, noDeletes)
    }
    case 'by turns of two clients': {
      const clients = [2, 1].map((client): { block: Part; count: number } => {
        const own = levels.filter((level) => 1 + (level % 2) === client)
        const first = Math.ceil((from - (client - 1)) / 2)
        const structs = own.map((level): Part => {
          return [type, parentOf(level, 3 - client, Math.floor((level - 1) / 2)), 0]
        })
        return { block: [own.length, client, first, structs], count: own.length }
      })
      const blocks = clients.filter((client) => client.count > 0).map(({ block }) => block)
      return bytesOf(blocks.length, blocks, noDeletes)
    }
  }
}

function rootNames(count: number): Uint8Array {
  return bytesOf(
    1,
    count,
    1,
    0,
    repeated(count, (index) => [deleted, 1, `root${index}`, 1]),
    noDeletes,
  )
}

function clientIds(count: number): Uint8Array {
  return bytesOf(
    count,
    repeated(count, (index) => [1, count - index, 0, gc, 1]),
    noDeletes,
  )
}

function nestedArrays(depth: number): Uint8Array {
  return Uint8Array.from({ length: depth * 2 }, (_, index) => (index % 2 === 0 ? 117 : 1))
}

/** A varint that adds nothing and does not end. */
const nothingGoingOn = Array.from({ length: 200 }, () => 0x80)

/** In V2 one byte can stand for any number of structs: mergeUpdatesV2 does not come back from this (yjs#687). */
const anyNumber = raw(255, 255, 255, 255, 255, 255, 15)
const v2Bomb = bytesOf(
  raw(0, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0, 0, 8, 0x41),
  anyNumber,
  raw(1),
  anyNumber,
  raw(0, 0),
)

export const hostileUpdates: readonly HostileUpdate[] = [
  {
    shape: 'seven bytes that announce 30,000,000 structs: Yjs makes an array of 232 MB',
    bytes: bytesOf(1, 30_000_000, 1, 0),
    code: 'too-many-structs',
  },
  {
    shape: '2^32 structs announced: RangeError in Yjs',
    bytes: bytesOf(1, 2 ** 32, 1, 0, gc, 1, noDeletes),
    code: 'too-many-structs',
  },
  { shape: 'a V2 bomb of 31 bytes', bytes: v2Bomb, code: 'trailing-bytes' },
  {
    shape: "GC of a victim's next 2^40 clocks: the victim's own edits count as known and are lost",
    bytes: bytesOf(1, 1, victim, 0, gc, 2 ** 40, noDeletes),
    code: 'clock-too-large',
  },
  {
    shape: 'ContentDeleted of 2^50 clocks',
    bytes: oneStruct(deleted, inRoot, 2 ** 50),
    code: 'clock-too-large',
  },
  {
    shape: 'lengths whose sum passes the limit though none does',
    bytes: bytesOf(1, 2, 1, 0, gc, 2 ** 30, gc, 2 ** 30, noDeletes),
    code: 'clock-too-large',
  },
  {
    shape: 'a first clock past the limit',
    bytes: bytesOf(1, 1, 1, 2 ** 31, gc, 1, noDeletes),
    code: 'clock-too-large',
  },
  { shape: 'a skip of 2^40 clocks', bytes: oneStruct(skip, 2 ** 40), code: 'clock-too-large' },
  {
    shape: 'an origin at clock 2^40',
    bytes: oneStruct(raw(deleted | 128), 2, 2 ** 40, 1),
    code: 'clock-too-large',
  },
  {
    shape: 'a delete that reaches past the limit',
    bytes: bytesOf(0, 1, 1, 1, 5, 2 ** 40),
    code: 'clock-too-large',
  },
  {
    shape: '2,000,000 clients without deletes in the delete set: 8 MB taken in silence',
    bytes: bytesOf(
      0,
      2_000_000,
      repeated(2_000_000, (index) => [index, 0]),
    ),
    code: 'too-many-clients',
  },
  {
    shape: 'a client without deletes in the delete set',
    bytes: bytesOf(0, 1, 1, 0, 0, 0),
    code: 'empty-run',
  },
  {
    shape: 'more deletes announced than bytes remain',
    bytes: bytesOf(0, 1, 1, 1_000, 0, 1),
    code: 'too-many-deletes',
  },
  { shape: 'a delete of no length', bytes: bytesOf(0, 1, 1, 1, 0, 0), code: 'empty-run' },
  {
    shape: 'deletes of one client that fall: Yjs garbles them when they wait',
    bytes: bytesOf(0, 1, 1, 2, 5, 1, 0, 1),
    code: 'out-of-order',
  },
  {
    shape: 'deletes of one client that overlap',
    bytes: bytesOf(0, 1, 1, 2, 0, 5, 4, 1),
    code: 'out-of-order',
  },
  {
    shape: 'a client twice in the delete set',
    bytes: bytesOf(0, 2, 1, 1, 0, 1, 1, 1, 5, 1),
    code: 'duplicate-client',
  },
  {
    shape: 'types nested 3,000 deep: deleting the outermost overflows the stack',
    bytes: nestedTypes(3_000),
    code: 'too-deep',
  },
  {
    shape: 'types nested 3,000 deep, each beside a text',
    bytes: nestedBesideTexts(3_000),
    code: 'too-deep',
  },
  {
    shape: 'an Any of arrays nested 5,000 deep: some stacks overflow and others do not',
    bytes: oneStruct(any, inRoot, 1, nestedArrays(5_000), raw(127)),
    code: 'too-deep',
  },
  {
    shape: 'an Any of objects nested 101 deep',
    bytes: oneStruct(
      any,
      inRoot,
      1,
      bytesOf(
        repeated(101, () => [118, 1, 0]),
        127,
      ),
    ),
    code: 'too-deep',
  },
  {
    shape: 'JSON nested 101 deep',
    bytes: oneStruct(embed, inRoot, '['.repeat(101) + ']'.repeat(101)),
    code: 'too-deep',
  },
  { shape: '200,000 names of roots: 271 MB in Yjs', bytes: rootNames(200_000), code: 'too-many-roots' },
  {
    shape: 'a name of a root that is too long',
    bytes: oneStruct(deleted, 1, 'n'.repeat(1_025), 1),
    code: 'too-long',
  },
  {
    shape: 'a key that is too long',
    bytes: oneStruct(deleted | 32, inRoot, 'k'.repeat(4_097), 1),
    code: 'too-long',
  },
  {
    shape: 'a name of an element that is too long',
    bytes: oneStruct(type, inRoot, 3, 'n'.repeat(4_097)),
    code: 'too-long',
  },
  {
    shape: 'an object with the key __proto__: lib0 sets the prototype',
    bytes: oneStruct(any, inRoot, 1, raw(118), 1, '__proto__', raw(118), 0),
    code: 'forbidden-key',
  },
  {
    shape: 'a map key __proto__',
    bytes: oneStruct(deleted | 32, inRoot, '__proto__', 1),
    code: 'forbidden-key',
  },
  { shape: 'a root named __proto__', bytes: oneStruct(deleted, 1, '__proto__', 1), code: 'forbidden-key' },
  {
    shape: 'a format named __proto__',
    bytes: oneStruct(format, inRoot, '__proto__', '1'),
    code: 'forbidden-key',
  },
  {
    shape: 'JSON with the key __proto__',
    bytes: oneStruct(embed, inRoot, '{"__proto__":{}}'),
    code: 'forbidden-key',
  },
  {
    shape: 'JSON with the key __proto__ in escapes',
    bytes: oneStruct(embed, inRoot, String.raw`[{"\u005F_pr\u006fto__":{}}]`),
    code: 'forbidden-key',
  },
  { shape: 'no bytes at all', bytes: new Uint8Array(), code: 'truncated' },
  { shape: 'a content that ends early', bytes: bytesOf(1, 1, 1, 0, 4, inRoot, 100, 0), code: 'truncated' },
  {
    shape: 'more values announced than bytes remain',
    bytes: oneStruct(any, inRoot, 1_000, raw(127)),
    code: 'truncated',
  },
  {
    shape: 'more JSON values announced than bytes remain',
    bytes: oneStruct(json, inRoot, 1_000, '1'),
    code: 'truncated',
  },
  {
    shape: 'more entries announced in an object than bytes remain',
    bytes: oneStruct(any, inRoot, 1, raw(118), 1_000, raw(127)),
    code: 'truncated',
  },
  {
    shape: 'a length of two hundred bytes 0x80: NaN in lib0',
    bytes: oneStruct(deleted, inRoot, raw(...nothingGoingOn, 0)),
    code: 'number-too-large',
  },
  {
    shape: 'a value whose integer has two hundred bytes',
    bytes: oneStruct(any, inRoot, 1, raw(125, ...nothingGoingOn, 0)),
    code: 'number-too-large',
  },
  { shape: 'a content that is unknown', bytes: oneStruct(11, inRoot, 1), code: 'unknown-content' },
  { shape: 'a type that is unknown', bytes: oneStruct(type, inRoot, 7), code: 'unknown-content' },
  {
    shape: 'a value whose tag is unknown',
    bytes: oneStruct(any, inRoot, 1, raw(115)),
    code: 'unknown-content',
  },
  { shape: 'a parent of an unknown kind', bytes: oneStruct(deleted, 2, 1, 0, 1), code: 'unknown-content' },
  {
    shape: 'a skip with an origin: an item to one of the readers of Yjs, a skip to the other',
    bytes: oneStruct(raw(skip | 128), 1),
    code: 'unknown-content',
  },
  { shape: 'GC with an origin', bytes: oneStruct(raw(gc | 128), 1), code: 'unknown-content' },
  { shape: 'bytes behind the end', bytes: bytesOf(0, 0, 0), code: 'trailing-bytes' },
  { shape: 'GC of no length', bytes: oneStruct(gc, 0), code: 'empty-run' },
  { shape: 'a skip of no length', bytes: oneStruct(skip, 0), code: 'empty-run' },
  { shape: 'ContentDeleted of no length', bytes: oneStruct(deleted, inRoot, 0), code: 'empty-run' },
  { shape: 'an empty string', bytes: oneStruct(4, inRoot, ''), code: 'empty-run' },
  { shape: 'no values', bytes: oneStruct(any, inRoot, 0), code: 'empty-run' },
  { shape: 'no JSON values', bytes: oneStruct(json, inRoot, 0), code: 'empty-run' },
  { shape: 'a client without structs', bytes: bytesOf(1, 0, 1, 0, 0, 0, 0), code: 'empty-run' },
  {
    shape: 'more clients announced than bytes remain',
    bytes: bytesOf(5_000, 1, 1, 0, gc, 1),
    code: 'too-many-clients',
  },
  {
    shape: '10,001 clients: every later transaction pays for each of them',
    bytes: clientIds(10_001),
    code: 'too-many-clients',
  },
  {
    shape: 'a client twice: Yjs applies one of the two and merges both',
    bytes: bytesOf(2, 1, 1, 0, gc, 1, 1, 1, 1, gc, 1, noDeletes),
    code: 'duplicate-client',
  },
  {
    shape: 'a struct that names itself as origin: Yjs throws in the middle of the transaction',
    bytes: oneStruct(raw(deleted | 128), 1, 0, 1),
    code: 'circular-reference',
  },
  {
    shape: 'a struct that names a later one of the same client as parent',
    bytes: oneStruct(deleted, 0, 1, 7, 1),
    code: 'circular-reference',
  },
  {
    shape: 'two clients whose structs wait for each other: Yjs keeps both waiting for ever',
    bytes: bytesOf(2, 1, 2, 0, deleted, 0, 1, 0, 1, 1, 1, 0, deleted, 0, 2, 0, 1, noDeletes),
    code: 'circular-reference',
  },
  {
    shape: 'a text that is not UTF-8: a peer throws while it reads',
    bytes: oneStruct(4, inRoot, 1, raw(0xff)),
    code: 'malformed-text',
  },
  {
    shape: 'a surrogate in UTF-8',
    bytes: oneStruct(4, inRoot, 3, raw(0xed, 0xa0, 0x80)),
    code: 'malformed-text',
  },
  {
    shape: 'an embed that is no JSON: a peer throws while it reads',
    bytes: oneStruct(embed, inRoot, '{'),
    code: 'malformed-json',
  },
  {
    shape: 'a format that is no JSON',
    bytes: oneStruct(format, inRoot, 'bold', ''),
    code: 'malformed-json',
  },
  {
    shape: 'a JSON value that is no JSON',
    bytes: oneStruct(json, inRoot, 1, 'undefine'),
    code: 'malformed-json',
  },
  {
    shape: 'a subdocument without options: a peer throws while it reads',
    bytes: oneStruct(subdocument, inRoot, 'sub', valueOf(null)),
    code: 'unknown-content',
  },
  {
    shape: 'a subdocument whose options replace its id: each replica draws its own',
    bytes: oneStruct(subdocument, inRoot, 'sub', valueOf({ guid: undefined })),
    code: 'forbidden-key',
  },
  {
    shape: 'a subdocument whose options replace the filter: a peer throws at the next deletion',
    bytes: oneStruct(subdocument, inRoot, 'sub', valueOf({ gcFilter: 1 })),
    code: 'forbidden-key',
  },
  {
    shape: '1,001 subdocuments: a Y.Doc each in every peer',
    bytes: bytesOf(
      1,
      1_001,
      1,
      0,
      repeated(1_001, () => [subdocument, inRoot, 's', valueOf({})]),
      noDeletes,
    ),
    code: 'too-many-subdocuments',
  },
]
