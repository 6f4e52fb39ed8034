// random-updates.ts — bytes as an attacker would make them: updates written field by field with small clocks,
// so that they refer to each other, overlap and contradict, and honest ones with bytes changed. Knows: the V1
// format. Must not know: what the reader refuses.

import * as encoding from 'lib0/encoding'

import { bytesOf, type Part, raw, repeated } from './hostile-updates.ts'
import { below, pick, type Random } from './random-documents.ts'

const clients = [1, 2, 3, 200, 4_000_000_000]
const names = ['text', 'map', 'é', '', 'class', 'x'.repeat(40)]
const jsons = ['null', '1', '"x"', '{"a":[1,{"b":"\\ud800"}]}', '[[],{}]', 'true', '-0.5e3', ' 0 ']
const notJsons = ['{', 'nul', '01', '', '"', '[1,]', '\ufeff1', '{"__proto__":1}']
const anys = [undefined, null, 1, -7, 0.1, 'x', [1, ['y']], { a: { b: 1 } }, 12n, new Uint8Array(3), true, []]

/** An update that mostly has the right form, and says anything. */
export function writtenUpdate(random: Random): Uint8Array {
  const encoder = encoding.createEncoder()
  const chosen = random() < 0.95 ? clients.filter(() => random() < 0.5) : clients.concat(clients)
  if (random() < 0.9) chosen.sort((a, b) => b - a)
  encoding.writeVarUint(encoder, chosen.length)
  for (const client of chosen) writeBlock(encoder, random, client)
  const deleters = clients.filter(() => random() < 0.3)
  encoding.writeVarUint(encoder, deleters.length)
  for (const client of deleters) {
    const count = below(random, 3) + (random() < 0.97 ? 1 : 0)
    encoding.writeVarUint(encoder, client)
    encoding.writeVarUint(encoder, count)
    let clock = 0
    for (let index = 0; index < count; index++) {
      clock += random() < 0.97 ? below(random, 4) : -clock
      const length = lengthOf(random, 3)
      encoding.writeVarUint(encoder, clock)
      encoding.writeVarUint(encoder, length)
      clock += length
    }
  }
  return encoding.toUint8Array(encoder)
}

function writeBlock(encoder: encoding.Encoder, random: Random, client: number): void {
  const count = 1 + below(random, 6)
  const first = random() < 0.8 ? 0 : below(random, 5)
  encoding.writeVarUint(encoder, count)
  encoding.writeVarUint(encoder, client)
  encoding.writeVarUint(encoder, first)
  // About where the struct begins: most then refer to what is before them.
  for (let index = 0; index < count; index++) writeStruct(encoder, random, client, first + index)
}

function writeStruct(encoder: encoding.Encoder, random: Random, client: number, clock: number): void {
  const content = random() < 0.98 ? below(random, 11) : below(random, 32)
  if (content === 0 || content === 10) {
    encoding.writeUint8(encoder, content)
    encoding.writeVarUint(encoder, lengthOf(random, 4))
    return
  }
  const hasOrigin = random() < 0.5
  const hasRightOrigin = random() < 0.3
  const hasKey = random() < 0.3
  encoding.writeUint8(
    encoder,
    content | (hasOrigin ? 128 : 0) | (hasRightOrigin ? 64 : 0) | (hasKey ? 32 : 0),
  )
  if (hasOrigin) writeReference(encoder, random, client, clock)
  if (hasRightOrigin) writeReference(encoder, random, client, clock)
  if (!hasOrigin && !hasRightOrigin) {
    if (random() < 0.5) {
      encoding.writeVarUint(encoder, 1)
      encoding.writeVarString(encoder, pick(random, names))
    } else {
      encoding.writeVarUint(encoder, 0)
      writeReference(encoder, random, client, clock)
    }
    if (hasKey) encoding.writeVarString(encoder, pick(random, names))
  }
  writeContent(encoder, random, content)
}

/** Mostly to what may be known by then: earlier clocks of the same client, or those of clients with lower ids. */
function writeReference(encoder: encoding.Encoder, random: Random, client: number, clock: number): void {
  const others = random() < 0.97 ? clients.filter((other) => other < client) : clients
  const isOwn = clock > 0 && (random() < 0.6 || others.length === 0)
  encoding.writeVarUint(encoder, isOwn ? client : (others[below(random, others.length)] ?? 7))
  encoding.writeVarUint(encoder, isOwn && random() < 0.98 ? below(random, clock) : below(random, 10))
}

function writeContent(encoder: encoding.Encoder, random: Random, content: number): void {
  switch (content) {
    case 1:
      encoding.writeVarUint(encoder, lengthOf(random, 4))
      break
    case 2: {
      const count = lengthOf(random, 3)
      encoding.writeVarUint(encoder, count)
      for (let index = 0; index < Math.min(count, 3); index++) {
        encoding.writeVarString(encoder, random() < 0.3 ? 'undefined' : jsonOf(random))
      }
      break
    }
    case 3:
      encoding.writeVarUint8Array(encoder, new Uint8Array(below(random, 5)))
      break
    case 4:
      encoding.writeVarString(encoder, pick(random, names))
      break
    case 5:
      encoding.writeVarString(encoder, jsonOf(random))
      break
    case 6:
      encoding.writeVarString(encoder, pick(random, names))
      encoding.writeVarString(encoder, jsonOf(random))
      break
    case 7: {
      const type = below(random, random() < 0.95 ? 7 : 9)
      encoding.writeVarUint(encoder, type)
      if (type === 3 || type === 5) encoding.writeVarString(encoder, pick(random, names))
      break
    }
    case 8: {
      const count = lengthOf(random, 3)
      encoding.writeVarUint(encoder, count)
      for (let index = 0; index < Math.min(count, 3); index++) encoding.writeAny(encoder, pick(random, anys))
      break
    }
    case 9:
      encoding.writeVarString(encoder, pick(random, names))
      encoding.writeAny(encoder, random() < 0.8 ? { autoLoad: random() < 0.5 } : pick(random, anys))
      break
    default:
  }
}

function jsonOf(random: Random): string {
  return pick(random, random() < 0.98 ? jsons : notJsons)
}

/** Now and then nothing, or far too much. */
function lengthOf(random: Random, usualMax: number): number {
  const chance = random()
  if (chance < 0.01) return 0
  if (chance < 0.015) return 2 ** 31 - 1 - below(random, 12)
  if (chance < 0.02) return 2 ** (20 + below(random, 40))
  return 1 + below(random, usualMax)
}

/** The bytes with a few changes: bits, whole bytes, pieces cut, doubled, moved in from elsewhere, huge numbers. */
export function mutated(random: Random, bytes: Uint8Array, others: readonly Uint8Array[]): Uint8Array {
  let result: Uint8Array = bytes.slice()
  for (let changes = 1 + below(random, 4); changes > 0; changes--) {
    const at = below(random, result.length + 1)
    const length = below(random, Math.min(16, result.length - at + 1))
    const chance = random()
    if (chance < 0.3 && at < result.length) result[at] = result[at]! ^ (1 << below(random, 8))
    else if (chance < 0.5 && at < result.length) result[at] = below(random, 256)
    else if (chance < 0.6) result = spliced(result, at, length, new Uint8Array())
    else if (chance < 0.7) result = spliced(result, at, 0, result.slice(at, at + length))
    else if (chance < 0.8) result = spliced(result, at, length, hugeNumber(random))
    else if (chance < 0.9) {
      const other = pick(random, others)
      const from = below(random, other.length)
      result = spliced(result, at, 0, other.slice(from, from + below(random, 64)))
    } else result = result.slice(0, at)
  }
  return result
}

function hugeNumber(random: Random): Uint8Array {
  const length = 1 + below(random, 12)
  const bytes = Uint8Array.from({ length }, () => 128 + below(random, 128))
  if (random() < 0.9) bytes[length - 1] = below(random, 128)
  return bytes
}

function spliced(bytes: Uint8Array, at: number, removed: number, inserted: Uint8Array): Uint8Array {
  const result = new Uint8Array(bytes.length - removed + inserted.length)
  result.set(bytes.subarray(0, at))
  result.set(inserted, at)
  result.set(bytes.subarray(at + removed), at + inserted.length)
  return result
}

export function randomBytes(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => below(random, 256))
}

/** An update of about `byteLength` bytes that says one short thing over and over: what costs most per byte. */
export function packedUpdate(random: Random, byteLength: number): Uint8Array {
  const client = pick(random, clients)
  const filled = (bytesEach: number, part: (index: number) => Part): Part => {
    return repeated(Math.max(1, Math.floor(byteLength / bytesEach)), part)
  }
  const block = (countPerPart: number, parts: Part): Part => {
    return [1, (Array.isArray(parts) ? parts.length : 1) * countPerPart, client, 0, parts, 0]
  }
  const root: Part = [1, 't']
  switch (below(random, 12)) {
    case 0: // Voids and skips in turn: a run, a void and a skip for four bytes.
      return bytesOf(
        block(
          2,
          filled(4, () => [0, 1, 10, 1]),
        ),
      )
    case 1: {
      // A client for six bytes.
      const blocks = filled(6, (index) => [1, 16_000 - index, 0, 0, 1])
      return bytesOf(Math.floor(byteLength / 6), blocks, 0)
    }
    case 2: {
      // A client that refers to another.
      const blocks = filled(9, (index) => [1, 16_000 - index, 0, raw(129), 15_999 - index, 0, 1])
      return bytesOf(Math.floor(byteLength / 9), blocks, 0)
    }
    case 3: {
      // The same, each waiting for one that comes later.
      const blocks = filled(9, (index) => [1, 200 + index, 0, raw(129), 201 + index, 0, 1])
      return bytesOf(Math.floor(byteLength / 9), blocks, 0)
    }
    case 4: // References to ever other clients.
      return bytesOf(
        block(
          1,
          filled(6, (index) => [raw(129), 200 + index, 0, 1]),
        ),
      )
    case 5: // Roots.
      return bytesOf(
        block(
          1,
          filled(7, (index) => [1, 1, String(index), 1]),
        ),
      )
    case 6: // Deletes as close as can be.
      return bytesOf(
        0,
        1,
        client,
        Math.floor(byteLength / 4),
        filled(4, (index) => [index * 2, 1]),
      )
    case 7: // Nothing, many times.
      return bytesOf(
        1,
        1,
        client,
        0,
        8,
        root,
        byteLength,
        raw(...Array.from({ length: byteLength }, () => 127)),
        0,
      )
    case 8: // Empty objects in an array.
      return bytesOf(
        1,
        1,
        client,
        0,
        8,
        root,
        1,
        raw(117),
        byteLength >> 1,
        filled(2, () => [118, 0]),
        0,
      )
    case 9: // JSON of many small things.
      return bytesOf(1, 1, client, 0, 5, root, `[${'{},'.repeat(byteLength / 3)}0]`, 0)
    case 10: // Text of two units in four bytes.
      return bytesOf(1, 1, client, 0, 4, root, '🙂'.repeat(byteLength / 4), 0)
    default: // Types side by side and within each other.
      return bytesOf(
        block(
          1,
          filled(6, (index) => (index === 0 ? [7, root, 0] : [7, 0, client, below(random, index), 1])),
        ),
      )
  }
}
