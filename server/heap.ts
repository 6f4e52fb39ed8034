// heap.ts — how much room V8 takes. What a relay makes lives for a turn or for as long as a socket. Knows: V8's flags, which
// count from when they are said. Must not know: what runs.
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'

/**
 * Of two thousand sockets that come at once V8 learns that young objects need 32 MB, and keeps them for good. In 16 MB they
 * are collected at the same cost; in less, what is on its way would be taken for old. In each of its halves, of which it
 * begins with one megabyte:
 */
const halfBytesMin = 7 * 1024 * 1024
const growthFactor = 8

/** It grows when as much survives as it holds: within a few rounds, or V8 is another one, and does as it likes. */
const roundsMax = 64
const survivorsOfRound = 64

/**
 * Left to itself the heap grows fourfold before V8 looks at what of it is old and dead: what a burst of newcomers leaves
 * behind then stays for as long as they do, a quarter of what a link at rest takes. At half as much again it is found while
 * they come, for no CPU that could be measured.
 */
const oldGrowthPercent = 50

export function settleHeap(): void {
  setFlagsFromString(`--heap-growing-percent=${oldGrowthPercent}`)
  settleYoungSpace()
}

function settleYoungSpace(): void {
  setFlagsFromString(`--semi-space-growth-factor=${growthFactor}`)
  const survivors: unknown[] = []
  for (let round = 0; round < roundsMax && halfBytes() < halfBytesMin; round++)
    for (let index = 0; index < survivorsOfRound; index++)
      survivors.push(Array.from({ length: 128 }, () => index))
  setFlagsFromString('--semi-space-growth-factor=1')
}

function halfBytes(): number {
  const young = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space')
  return young === undefined ? halfBytesMin : young.space_used_size + young.space_available_size
}
