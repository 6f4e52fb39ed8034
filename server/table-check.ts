// table-check.ts — whether the blocks of a LevelDB table are what was written. LevelDB itself does not look when it reads,
// and one wrong bit in eighty ends the whole process in an assertion: so a table is looked at before LevelDB touches it.
// Knows: the layout of a table to the byte. Must not know: which tables there are, what they hold.
//
// A block that is wrong is marked: with a type that is none, LevelDB reports it instead of believing it.

const footerBytes = 48
const magicLow = 0x8b80fb57
const magicHigh = 0xdb477524
/** Its type, and the masked CRC-32C of itself and the type. */
const trailerBytes = 5
const noType = 0xff
const plainType = 0
const snappyType = 1

/** Where a block lies, without its trailer. */
type Handle = { readonly offset: number; readonly size: number }

/** Marks all blocks that are wrong, and returns how many there are. Undefined: nothing of it can be read. */
export function markWrongBlocks(table: Buffer): number | undefined {
  try {
    const index = indexOf(table)
    if (!isRight(table, index)) return undefined
    let wrong = 0
    for (const handle of handlesIn(contentsOf(table, index))) {
      if (isRight(table, handle)) continue
      wrong += 1
      const typeAt = handle.offset + handle.size
      if (typeAt < table.length) table.writeUInt8(noType, typeAt)
    }
    return wrong
  } catch (error) {
    // What has no shape runs out of its bytes.
    if (error instanceof RangeError) return undefined
    throw error
  }
}

function indexOf(table: Buffer): Handle {
  const footer = table.subarray(table.length - footerBytes)
  if (footer.readUInt32LE(footerBytes - 8) !== magicLow || footer.readUInt32LE(footerBytes - 4) !== magicHigh)
    throw new RangeError('This is no table.')
  const reader = new Reader(footer)
  reader.handle()
  return reader.handle()
}

function isRight(table: Buffer, { offset, size }: Handle): boolean {
  if (offset + size + trailerBytes > table.length) return false
  const typeAt = offset + size
  return masked(crc32c(table.subarray(offset, typeAt + 1))) === table.readUInt32LE(typeAt + 1)
}

function contentsOf(table: Buffer, { offset, size }: Handle): Buffer {
  const contents = table.subarray(offset, offset + size)
  const type = table.readUInt8(offset + size)
  if (type === plainType) return contents
  if (type === snappyType) return inflated(contents)
  throw new RangeError('A block has no known type.')
}

/** Entries are a key, of which only what differs from the one before is written, and a handle. */
function* handlesIn(index: Buffer): Generator<Handle, void, undefined> {
  const restarts = index.readUInt32LE(index.length - 4)
  const reader = new Reader(index)
  const end = index.length - 4 * (restarts + 1)
  while (reader.at < end) {
    reader.number()
    const keyBytes = reader.number()
    reader.number()
    reader.at += keyBytes
    yield reader.handle()
  }
}

class Reader {
  readonly #bytes: Buffer
  at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  handle(): Handle {
    return { offset: this.number(), size: this.number() }
  }

  number(): number {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#bytes.readUInt8(this.at++)
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
    }
  }
}

/** Snappy: literals, and copies of what came before. */
function inflated(bytes: Buffer): Buffer {
  const reader = new Reader(bytes)
  const out = Buffer.alloc(reader.number())
  let to = 0
  let { at } = reader
  while (at < bytes.length) {
    const tag = bytes.readUInt8(at++)
    const kind = tag & 3
    if (kind === 0) {
      const more = Math.max(0, (tag >> 2) - 59)
      const length = 1 + (more === 0 ? tag >> 2 : bytes.readUIntLE(at, more))
      at += more
      to += bytes.copy(out, to, at, at + length)
      at += length
      continue
    }
    const length = kind === 1 ? 4 + ((tag >> 2) & 7) : 1 + (tag >> 2)
    const offsetBytes = kind === 3 ? 4 : kind
    const distance = bytes.readUIntLE(at, offsetBytes) + (kind === 1 ? (tag >> 5) << 8 : 0)
    at += offsetBytes
    if (distance === 0 || distance > to) throw new RangeError('A copy is of nothing.')
    for (let left = length; left > 0; left--, to++) out.writeUInt8(out.readUInt8(to - distance), to)
  }
  return out
}

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  return crc
})

function crc32c(bytes: Buffer): number {
  let crc = 0xffffffff
  for (const byte of bytes) crc = (crc >>> 8) ^ (crcTable[(crc ^ byte) & 0xff] ?? 0)
  return ~crc >>> 0
}

/** LevelDB's: a checksum of something that holds checksums would be weak. */
function masked(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0
}
