// reading-cost.test.ts — that the measure sees what it is there for: a reader that takes too much, whatever it takes it in.
import v8 from 'node:v8'
import vm from 'node:vm'
import { describe, expect, test } from 'vitest'
import { readWithinBounds } from './reading-cost.ts'

v8.setFlagsFromString('--expose-gc')
const collect = vm.runInNewContext('gc') as () => void

const input = new Uint8Array(16 * 1024)
const kept: unknown[] = []

const readers: Record<string, (times: number) => (bytes: Uint8Array) => unknown> = {
  'one buffer': (times) => (bytes) => new Uint8Array(bytes.length * times),
  'many buffers': (times) => (bytes) => Array.from({ length: times }, () => bytes.slice()),
  'objects that are kept': (times) => (bytes) => {
    kept.length = 0
    return kept.push(objects(bytes.length * times))
  },
  'objects that are thrown away': (times) => (bytes) => objects(bytes.length * times).length,
}

describe.each(Object.keys(readers))('%s', (name) => {
  test('[W1] a hundred times the input is too much, each time', () => {
    for (let time = 0; time < 5; time++) {
      // What the time before left is not to go in the midst of this one: the second waits for the first to be at its end.
      collect()
      collect()
      expect(() => readWithinBounds(input, readers[name]!(100), costs())).toThrow(/bytes to read/)
    }
  })

  test('[W1] ten times the input is not', () => {
    const seen = costs()
    for (let time = 0; time < 5; time++) readWithinBounds(input, readers[name]!(10), seen)
    expect(seen.allocatedPerByte).toBeGreaterThan(5)
    expect(seen.allocatedPerByte).toBeLessThan(64)
  })
})

/** Of 32 bytes each, and 8 for the place in the list. */
function objects(byteLength: number): object[] {
  const all: object[] = []
  for (let left = byteLength; left > 0; left -= 40) all.push({ left })
  return all
}

function costs() {
  return { slowestMs: 0, allocatedPerByte: 0 }
}
