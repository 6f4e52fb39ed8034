// hmac.ts — HMAC-SHA-256 (RFC 2104) on lib0's synchronous hash: a machine cannot wait for WebCrypto.
import { digest } from 'lib0/hash/sha256'

const blockBytes = 64

export function hmac(key: Uint8Array, content: Uint8Array): Uint8Array {
  const padded = new Uint8Array(blockBytes)
  padded.set(key.length > blockBytes ? digest(key) : key)
  const inner = digest(
    joined(
      padded.map((byte) => byte ^ 0x36),
      content,
    ),
  )
  return digest(
    joined(
      padded.map((byte) => byte ^ 0x5c),
      inner,
    ),
  )
}

function joined(left: Uint8Array, right: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(left.length + right.length)
  bytes.set(left)
  bytes.set(right, left.length)
  return bytes
}
