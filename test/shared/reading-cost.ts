// reading-cost.ts — what it costs to read bytes from outside, held to the figures: time by FUZZ_READ_MS, memory by the
// length of the input. Must not know: what is read.

import { GCProfiler, getHeapStatistics } from 'node:v8'

/** The figure is 5 ms on a machine of today. Without being asked, this finds what grows out of proportion anywhere. */
const readMsMax = Number(process.env['FUZZ_READ_MS'] ?? 25)
const allocatedPerByteMax = 64
/** Code that the engine has just thrown away runs slowly and boxes its numbers until it is compiled again. */
const measuresMax = 200
/** A reading, or an error with its trace, takes some memory however short the input is: shorter counts as this. */
const measuredBytesMin = 1_024

export type ReadingCosts = { slowestMs: number; allocatedPerByte: number }

/** Reads the bytes, held to time and memory. What stands out is measured again: the machine has other things to do. */
export function readWithinBounds<What>(
  bytes: Uint8Array,
  read: (bytes: Uint8Array) => What,
  seen: ReadingCosts,
): What {
  const allocatedMax = allocatedPerByteMax * Math.max(bytes.length, measuredBytesMin)
  const first = costOf(bytes, read)
  let { ms, heapBytes, bufferBytes } = first
  const isTooMuch = () => ms > readMsMax || heapBytes + bufferBytes > allocatedMax
  for (let again = 0; again < measuresMax && isTooMuch(); again++) {
    const next = costOf(bytes, read)
    ms = Math.min(ms, next.ms)
    heapBytes = Math.min(heapBytes, next.heapBytes)
    // Never more than there are; less where buffers of the try before are freed within this one.
    bufferBytes = Math.max(bufferBytes, next.bufferBytes)
  }
  const allocated = heapBytes + bufferBytes
  if (isTooMuch()) {
    throw new Error(`It took ${ms} ms and ${allocated} bytes to read ${hex(bytes)}`)
  }
  seen.slowestMs = Math.max(seen.slowestMs, ms)
  if (bytes.length >= measuredBytesMin) {
    seen.allocatedPerByte = Math.max(seen.allocatedPerByte, allocated / bytes.length)
  }
  return first.what
}

function costOf<What>(
  bytes: Uint8Array,
  read: (bytes: Uint8Array) => What,
): { what: What; ms: number; heapBytes: number; bufferBytes: number } {
  const collections = new GCProfiler()
  collections.start()
  const heapBefore = getHeapStatistics().used_heap_size
  const buffersBefore = process.memoryUsage().arrayBuffers
  const before = process.cpuUsage()
  const what = read(bytes)
  const { user, system } = process.cpuUsage(before)
  const kept = getHeapStatistics().used_heap_size - heapBefore
  const buffers = process.memoryUsage().arrayBuffers - buffersBefore
  // What a collection took in between had been allocated too.
  const collected = collections.stop().statistics.reduce((sum, { beforeGC, afterGC }) => {
    return sum + beforeGC.heapStatistics.usedHeapSize - afterGC.heapStatistics.usedHeapSize
  }, 0)
  return { what, ms: (user + system) / 1_000, heapBytes: kept + collected, bufferBytes: Math.max(0, buffers) }
}

export function hex(bytes: Uint8Array): string {
  return `${bytes.length} bytes ${Buffer.from(bytes).toString('hex')}`
}
