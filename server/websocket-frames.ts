// websocket-frames.ts — binary frames with the heads that a server gives them (RFC 6455, 5.2), side by side, so that
// one write hands over all of them, and the same bytes go to every reader. Knows: the head. Must not know: sockets.

const binaryAndFinal = 0x82
const shortLengthMax = 125
const twoByteLength = 126
const eightByteLength = 127
const twoByteLengthMax = 0xffff

let last: { readonly contents: readonly Uint8Array[]; readonly bytes: Uint8Array } | undefined

/** Of pieces of large documents, which many read by turns; they live as long as the contents. */
const large = new WeakMap<readonly Uint8Array[], Uint8Array>()
export const largeBytesMin: number = 16 * 1024

/** What was asked for last is kept: a delivery is asked for once for each of its readers. */
export function websocketFrames(contents: readonly Uint8Array[]): Uint8Array {
  if (last?.contents === contents) return last.bytes
  const bytes = large.get(contents) ?? framed(contents)
  if (bytes.length >= largeBytesMin) large.set(contents, bytes)
  last = { contents, bytes }
  return bytes
}

function framed(contents: readonly Uint8Array[]): Uint8Array {
  let byteLength = 0
  for (const { length } of contents) byteLength += headLength(length) + length
  const bytes = Buffer.allocUnsafe(byteLength)
  let at = 0
  for (const content of contents) {
    at = writeHead(bytes, at, content.length)
    bytes.set(content, at)
    at += content.length
  }
  return bytes
}

function headLength(length: number): number {
  if (length <= shortLengthMax) return 2
  return length <= twoByteLengthMax ? 4 : 10
}

function writeHead(bytes: Buffer, at: number, length: number): number {
  bytes[at] = binaryAndFinal
  if (length <= shortLengthMax) {
    bytes[at + 1] = length
    return at + 2
  }
  if (length <= twoByteLengthMax) {
    bytes[at + 1] = twoByteLength
    return bytes.writeUInt16BE(length, at + 2)
  }
  bytes[at + 1] = eightByteLength
  return bytes.writeBigUInt64BE(BigInt(length), at + 2)
}
