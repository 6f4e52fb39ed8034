// log-keys.ts — where the log's records lie in LevelDB. Knows: the key layout, both directions, and its version.
// Must not know: what the values mean.

/** 1: rows under ('r', length of name, name, position); the position last given under 'head'. */
export const diskFormatVersion = 1

export const formatKey: Uint8Array = text('format')
export const headKey: Uint8Array = text('head')

/** Rows of one document lie together, in the order of their positions. */
export function rowKey(document: string, position: number): Uint8Array {
  const prefix = rowPrefix(document)
  const key = new Uint8Array(prefix.length + positionBytes)
  key.set(prefix)
  new DataView(key.buffer).setBigUint64(prefix.length, BigInt(position))
  return key
}

export function rowRange(document: string): { gte: Uint8Array; lte: Uint8Array } {
  return { gte: rowKey(document, 0), lte: rowKey(document, Number.MAX_SAFE_INTEGER) }
}

const positionBytes = 8

/** The length stands before the name, so that no name's rows lie among those of a name it begins. */
function rowPrefix(document: string): Uint8Array {
  const name = text(document)
  const prefix = new Uint8Array(3 + name.length)
  prefix[0] = 'r'.charCodeAt(0)
  new DataView(prefix.buffer).setUint16(1, name.length)
  prefix.set(name, 3)
  return prefix
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value)
}
