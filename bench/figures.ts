// figures.ts — a bench, and what one run of it finds for one target. Knows: that a figure is a number with a unit in its
// name. Must not know: which benches there are.
import type { Target, TargetName } from './target.ts'

/** By the figure's name, which ends in its unit: «CPU, µs a key». */
export type Measured = Readonly<Record<string, number>>

export type Bench = {
  readonly name: string
  readonly about: string
  readonly targets: readonly TargetName[]
  /** Throws where something was lost: there is no figure then. */
  readonly measure: (target: Target, load: Load) => Promise<Measured>
}

/** What one may say of the load. */
export type Load = {
  /** The folder of recorded sessions. */
  readonly traces: string | undefined
  /** How many documents the bench of that name opens. */
  readonly documents: number
  /** How many edits are made offline by the bench of that name. */
  readonly edits: number
}

export const microsPerSecond = 1e6
export const megabyte: number = 2 ** 20

/** The value that this share of all values does not exceed. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

export function shown(value: number): string {
  return value >= 1_000 ? value.toFixed(0) : String(Number(value.toPrecision(3)))
}
