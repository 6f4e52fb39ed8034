// checksum.ts — whether bytes are what they were: MurmurHash3, its 32-bit form, which any single wrong word changes. For
// disks, against accidents; who means harm can make it fit. LevelDB checks nothing when it reads.

const first = 0xcc9e2d51
const second = 0x1b873593

export const checksumBytes = 4

export function checksumOf(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const end = bytes.length & ~3
  let hash = 0
  for (let at = 0; at < end; at += 4) {
    hash = rotated(hash ^ mixed(view.getUint32(at, true)), 13)
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0
  }
  let rest = 0
  for (let at = bytes.length - 1; at >= end; at--) rest = (rest << 8) | view.getUint8(at)
  hash ^= mixed(rest) ^ bytes.length
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

function mixed(word: number): number {
  return Math.imul(rotated(Math.imul(word, first), 15), second)
}

function rotated(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits))
}
