// update-reader.fuzz.test.ts — the reader on random, changed and packed bytes of up to 64 KB: one typed error or
// facts, quickly, in little memory; and what it takes, Yjs takes. FUZZ_INPUTS says how many inputs, FUZZ_SEED from
// which sequence, FUZZ_READ_MS how long a reading may take; a failure prints the input.

import { getHeapStatistics } from 'node:v8'

import { expect, test } from 'vitest'
import * as Y from 'yjs'

import { LogState } from '../../shared/log-state.ts'
import { ProtocolError } from '../../shared/protocol-error.ts'
import { readUpdate, type UpdateFacts } from '../../shared/update-reader.ts'
import { seededRandom } from '../editing-session.ts'
import { decodedFacts, plainFacts } from './decoded-facts.ts'
import { pick, type Random, randomDocument } from './random-documents.ts'
import { mutated, packedUpdate, randomBytes, writtenUpdate } from './random-updates.ts'

const inputCount = Number(process.env['FUZZ_INPUTS'] ?? 60_000)
const seed = Number(process.env['FUZZ_SEED'] ?? 1)

const inputBytesMax = 64 * 1024
/** The figure is 5 ms on a machine of today. Without being asked, this finds what grows out of proportion anywhere. */
const readMsMax = Number(process.env['FUZZ_READ_MS'] ?? 25)
const allocatedPerByteMax = 64
/** Code that the engine has just thrown away runs slowly and boxes its numbers until it is compiled again. */
const measuresMax = 200
/** A reading, or an error with its trace, takes some memory however short the input is: shorter counts as this. */
const measuredBytesMin = 1_024
/** Yjs needs long for some large updates, so only a part of those is given to it. */
const bytesAlwaysAppliedMax = 2_048

test('[W1] whatever the bytes: one typed error or facts, in time, in bounds, and as Yjs has them', () => {
  const random = seededRandom(seed)
  const honest = honestUpdates()
  // Code that was not compiled yet boxes every large number it reads.
  for (let round = 0; round < 20; round++) for (const update of honest) readUpdate(update)
  const seen = { refused: 0, taken: 0, applied: 0, slowestMs: 0, allocatedPerByte: 0, splitMapValues: 0 }
  for (let index = 0; index < inputCount; index++) {
    const bytes = inputOf(random, honest)
    const facts = measured(bytes, seen)
    if (facts === undefined) {
      seen.refused += 1
      continue
    }
    seen.taken += 1
    if (bytes.length > bytesAlwaysAppliedMax && random() < 0.9) continue
    seen.applied += 1
    if (!agreesWithYjs(bytes, facts)) seen.splitMapValues += 1
  }
  process.stdout.write(
    `fuzz of the reader, seed ${seed}: ${JSON.stringify({ inputs: inputCount, ...seen })}\n`,
  )
  expect(seen.taken).toBeGreaterThan(inputCount / 20)
  expect(seen.refused).toBeGreaterThan(inputCount / 20)
  expect(seen.splitMapValues).toBeLessThan(1 + inputCount / 10_000)
}, 7_200_000)

function honestUpdates(): Uint8Array[] {
  const honest: Uint8Array[] = []
  for (let document = 0; document < 60; document++) {
    const { updates, replicas } = randomDocument(document, document % 10 === 0 ? 800 : 40)
    honest.push(...updates, ...replicas.map((replica) => Y.encodeStateAsUpdate(replica)))
  }
  return honest.filter((update) => update.length <= inputBytesMax)
}

function inputOf(random: Random, honest: readonly Uint8Array[]): Uint8Array {
  return anyInput(random, honest).subarray(0, inputBytesMax)
}

function anyInput(random: Random, honest: readonly Uint8Array[]): Uint8Array {
  const chance = random()
  // Most are short, so that all parts of the format are met; some are as long as may be.
  const length = Math.floor(random() ** 6 * inputBytesMax)
  if (chance < 0.2) return randomBytes(random, length)
  if (chance < 0.6) return mutated(random, pick(random, honest), honest)
  if (chance < 0.97) return writtenUpdate(random)
  const packed = packedUpdate(random, length)
  return random() < 0.5 ? packed : mutated(random, packed, honest)
}

/** Reads the bytes, held to time and memory. What stands out is measured again: the machine has other things to do. */
function measured(
  bytes: Uint8Array,
  seen: { slowestMs: number; allocatedPerByte: number },
): UpdateFacts | undefined {
  const allocatedMax = allocatedPerByteMax * Math.max(bytes.length, measuredBytesMin)
  let { facts, ms, allocated } = costOf(bytes)
  for (let again = 0; again < measuresMax && (ms > readMsMax || allocated > allocatedMax); again++) {
    const next = costOf(bytes)
    ms = Math.min(ms, next.ms)
    allocated = Math.min(allocated, next.allocated)
  }
  if (ms > readMsMax || allocated > allocatedMax) {
    throw new Error(
      `The reader took ${ms} ms and ${allocated} bytes for ${bytes.length} bytes: ${hex(bytes)}`,
    )
  }
  seen.slowestMs = Math.max(seen.slowestMs, ms)
  if (bytes.length >= measuredBytesMin) {
    seen.allocatedPerByte = Math.max(seen.allocatedPerByte, allocated / bytes.length)
  }
  return facts
}

function costOf(bytes: Uint8Array): { facts: UpdateFacts | undefined; ms: number; allocated: number } {
  const heapBefore = heapBytes()
  const before = process.cpuUsage()
  const facts = factsOf(bytes)
  const { user, system } = process.cpuUsage(before)
  const used = heapBytes() - heapBefore
  // A collection in between hides what was allocated: such a measure counts as none.
  return { facts, ms: (user + system) / 1_000, allocated: Math.max(used, 0) }
}

function heapBytes(): number {
  const { used_heap_size: heap, external_memory: external } = getHeapStatistics()
  return heap + external
}

function factsOf(bytes: Uint8Array): UpdateFacts | undefined {
  try {
    return readUpdate(bytes)
  } catch (error) {
    if (error instanceof ProtocolError) return undefined
    throw new Error(`The reader let escape an error for ${hex(bytes)}`, { cause: error })
  }
}

/**
 * Throws when Yjs decodes other facts, cannot apply what the reader took, or waits where there is no gap. False
 * for the one shape that the reader takes though it hurts: a map value of several clocks, which no Yjs writes,
 * split by a struct that names its middle. Only integration can tell that a struct is a map value, and Yjs then
 * collects garbage as if all of it were deleted.
 */
function agreesWithYjs(bytes: Uint8Array, facts: UpdateFacts): boolean {
  expect(plainFacts(facts), hex(bytes)).toEqual(decodedFacts(bytes))
  const doc = new Y.Doc()
  try {
    Y.applyUpdate(doc, bytes)
    const isWaiting = doc.store.pendingStructs !== null || doc.store.pendingDs !== null
    expect(new LogState().gapOf(facts) !== undefined, hex(bytes)).toBe(isWaiting)
    readUpdate(Y.encodeStateAsUpdate(doc))
    return true
  } catch (error) {
    if (error instanceof Error && error.stack?.includes('Item.gc') === true) return false
    throw new Error(`Yjs does not take ${hex(bytes)}`, { cause: error })
  }
}

function hex(bytes: Uint8Array): string {
  return `${bytes.length} bytes ${Buffer.from(bytes).toString('hex')}`
}
