// main.ts — the simulator's command: many seeds, one seed with its trace, or the planted bugs. Knows: its arguments,
// what to print. Must not know: how a life is lived.
//
//     node dist/test/sim/main.js --seeds 10000 [--from 1]
//     node dist/test/sim/main.js --seed 4711
//     node dist/test/sim/main.js --planted [name] [--seeds 2000]
import { parseArgs } from 'node:util'
import type { Counts, Outcome } from './life.ts'
import { planted } from './planted.ts'
import { runSeeds, seedsFrom } from './seeds.ts'
import { makeVariant } from './variant.ts'
import type { Variant } from './variant.ts'

const threads = 2
/** More failures than these say nothing new. */
const failuresMax = 10

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

async function runMany(first: number, count: number): Promise<boolean> {
  const variant = makeVariant('as-it-is', [])
  const start = performance.now()
  const sums: Partial<Counts> = {}
  const failed: Outcome[] = []
  let done = 0
  await runSeeds(variant, {
    seeds: seedsFrom(first, count),
    threads,
    onOutcome: (outcome) => {
      done += 1
      for (const [name, value] of Object.entries(outcome.counts) as [keyof Counts, number][])
        sums[name] = (sums[name] ?? 0) + value
      if (outcome.failure !== undefined) {
        failed.push(outcome)
        print(`seed ${outcome.seed}: ${outcome.failure.sentence}`)
      }
      return failed.length < failuresMax
    },
  })
  const seconds = (performance.now() - start) / 1000
  const figures = Object.entries(sums).map(
    ([name, value]) => `${value.toLocaleString('en')} ${wordFor(name)}`,
  )
  print(`${done.toLocaleString('en')} seeds, ${figures.join(', ')}; ${seconds.toFixed(1)} s`)
  const [shown] = failed
  if (shown === undefined) return true
  print(`${failed.length} failed. See one with its trace: npm run sim -- --seed ${shown.seed}`)
  return false
}

/** «tabKills» is «tab kills». */
function wordFor(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}

async function replay(seed: number): Promise<boolean> {
  const variant = makeVariant('as-it-is', [])
  let isWell = true
  await runSeeds(variant, {
    seeds: [seed],
    threads: 1,
    wantsTrace: true,
    onOutcome: ({ trace, failure, counts }) => {
      for (const line of trace) print(line)
      print(failure === undefined ? `seed ${seed} is well` : `seed ${seed}: ${failure.sentence}`)
      print(JSON.stringify(counts))
      isWell = failure === undefined
      return true
    },
  })
  return isWell
}

/** The first seed that fails with a bug and does not fail without it. */
async function firstFailure(
  broken: Variant,
  asItIs: Variant,
  count: number,
): Promise<{ caught: Outcome | undefined; lived: number }> {
  let lived = 0
  while (lived < count) {
    let failed: Outcome | undefined
    await runSeeds(broken, {
      seeds: seedsFrom(lived + 1, count - lived),
      threads,
      onOutcome: (outcome) => {
        // Outcomes come in any order; the earliest counts, and the search goes on behind it.
        if (outcome.failure !== undefined && (failed === undefined || outcome.seed < failed.seed))
          failed = outcome
        return failed === undefined
      },
    })
    if (failed === undefined) return { caught: undefined, lived: count }
    lived = failed.seed
    if (!(await isFailing(asItIs, failed.seed))) return { caught: failed, lived }
  }
  return { caught: undefined, lived }
}

async function isFailing(variant: Variant, seed: number): Promise<boolean> {
  let hasFailed = false
  await runSeeds(variant, {
    seeds: [seed],
    threads: 1,
    onOutcome: ({ failure }) => {
      hasFailed = failure !== undefined
      return true
    },
  })
  return hasFailed
}

/** Each has to be seen, or the simulator is blind where it lies. */
async function runPlanted(only: string | undefined, count: number): Promise<boolean> {
  const bugs = planted.filter(({ name }) => only === undefined || name === only)
  if (bugs.length === 0) throw new Error(`No planted bug is called «${only}».`)
  const asItIs = makeVariant('as-it-is', [])
  let unseen = 0
  for (const bug of bugs) {
    const variant = makeVariant(`planted-${bug.name}`, bug.changes)
    const start = performance.now()
    const { caught, lived } = await firstFailure(variant, asItIs, count)
    const seconds = ((performance.now() - start) / 1000).toFixed(1)
    if (caught === undefined) unseen += 1
    const found =
      caught === undefined
        ? `NOT SEEN in ${lived} seeds`
        : `seed ${caught.seed}: ${caught.failure?.sentence.split('\n', 1)[0]}`
    print(`${bug.rule}  ${bug.name}  ${found}  (${seconds} s)`)
  }
  return unseen === 0
}

const { values, positionals } = parseArgs({
  options: {
    seeds: { type: 'string' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    planted: { type: 'boolean', default: false },
  },
  allowPositionals: true,
})

let isWell: boolean
if (values.planted) isWell = await runPlanted(positionals[0], Number(values.seeds ?? 10_000))
else if (values.seed !== undefined) isWell = await replay(Number(values.seed))
else isWell = await runMany(Number(values.from), Number(values.seeds ?? 1_000))
process.exitCode = isWell ? 0 : 1
