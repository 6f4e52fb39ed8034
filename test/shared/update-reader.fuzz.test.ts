// update-reader.fuzz.test.ts — the reader on random, changed and packed bytes of up to 64 KB: one typed error or
// facts, quickly, in little memory; and what it takes, Yjs takes. FUZZ_INPUTS says how many inputs, FUZZ_SEED from
// which sequence; a failure prints the input.

import { expect, test } from 'vitest'
import * as Y from 'yjs'

import { LogState } from '../../shared/log-state.ts'
import { ProtocolError } from '../../shared/protocol-error.ts'
import { readUpdate, type UpdateFacts } from '../../shared/update-reader.ts'
import { seededRandom } from '../editing-session.ts'
import { decodedFacts, plainFacts } from './decoded-facts.ts'
import { pick, type Random, randomDocument } from './random-documents.ts'
import { hex, readWithinBounds } from './reading-cost.ts'
import { mutated, packedUpdate, randomBytes, writtenUpdate } from './random-updates.ts'

const inputCount = Number(process.env['FUZZ_INPUTS'] ?? 60_000)
const seed = Number(process.env['FUZZ_SEED'] ?? 1)

const inputBytesMax = 64 * 1024
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
    const facts = readWithinBounds(bytes, factsOf, seen)
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
