// The simulator as a test: seeds that once failed, by what they found; a few hundred more; and a look at whether it
// can see. Thousands of seeds, and all planted bugs: npm run sim.
import { beforeAll, expect, test } from 'vitest'
import type { Outcome } from './life.ts'
import { planted } from './planted.ts'
import { runSeeds, seedsFrom } from './seeds.ts'
import { makeVariant } from './variant.ts'
import type { Variant } from './variant.ts'

const threads = 2
let variant: Variant

beforeAll(() => {
  variant = makeVariant('in-tests', [])
})

async function failuresOf(lived: Variant, seeds: Iterable<number>): Promise<Outcome[]> {
  const failed: Outcome[] = []
  await runSeeds(lived, {
    seeds,
    threads,
    onOutcome: (outcome) => {
      if (outcome.failure !== undefined) failed.push(outcome)
      return failed.length === 0
    },
  })
  return failed
}

function told(failed: readonly Outcome[]): string[] {
  return failed.map(({ seed, failure }) => `seed ${seed}: ${failure?.sentence}`)
}

test.each([
  { found: 'the clearing up of one fold took the pieces of the next', seed: 8 },
  { found: 'a slow stock reader behind a fold missed what the fold took out of the rows', seed: 108 },
  { found: 'a slow reader among several missed what a fold took', seed: 511 },
  { found: 'a newcomer to a document with a hole and without a fold was read to without end', seed: 1172 },
  { found: 'a frozen leader sent what another tab had been refused', seed: 100122 },
  { found: 'a repair with a gap in it kept all the rest out', seed: 2118 },
  { found: 'a hole at the end of a log whose rows a fold has in it too went unseen', seed: 8465 },
])('[C1] [L1] found once: $found', async ({ seed }) => {
  expect(told(await failuresOf(variant, [seed]))).toEqual([])
})

test('[D1] [D2] [D3] [C1] [C2] [L1] [T1] [B1] hold in 300 worlds', { timeout: 120_000 }, async () => {
  expect(told(await failuresOf(variant, seedsFrom(100_000, 300)))).toEqual([])
})

test.each(['ack-before-the-commit', 'delivery-before-the-commit', 'cursor-stored-ahead-of-its-data'])(
  'the simulator sees a planted bug: %s',
  { timeout: 120_000 },
  async (name) => {
    const bug = planted.find((one) => one.name === name)
    expect(bug).toBeDefined()
    const broken = makeVariant(`in-tests-${name}`, bug!.changes)
    expect(await failuresOf(broken, seedsFrom(1, 1_000))).not.toEqual([])
  },
)
