// chance.ts — random numbers that come back for the same seed, so that a failure can be seen again.
import * as prng from 'lib0/prng'

export type Chance = {
  /** A whole number from `least` to `most`, both included. */
  readonly between: (least: number, most: number) => number
  readonly oneOf: <T>(choices: readonly T[]) => T
}

export function chanceFrom(seed: number): Chance {
  const generator = prng.create(seed)
  const between = (least: number, most: number) => prng.int32(generator, least, most)
  return {
    between,
    oneOf: (choices) => choices[between(0, choices.length - 1)]!,
  }
}

/** The seed that was asked for, else a new one; say it in what fails. */
export function seedOfThisRun(): number {
  const asked = process.env['SEED']
  return asked === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(asked)
}
