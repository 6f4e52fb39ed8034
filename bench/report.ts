// report.ts — what a bench found, and how it is printed for people and for machines. Knows: that a figure without
// its machine, and without its spread over several runs, says nothing. Must not know: what was measured.

import { cpus, totalmem } from 'node:os'

export interface Figure {
  readonly what: string
  readonly unit: string
  /** One for each run. */
  readonly values: readonly number[]
}

export interface Report {
  readonly bench: string
  /** What the figures were measured on: which input, how many. */
  readonly about: string
  readonly figures: readonly Figure[]
}

export function machine(): string {
  const processors = cpus()
  const memory = Math.round(totalmem() / 2 ** 30)
  return `${processors.length} × ${processors[0]?.model ?? 'unknown'}, ${memory} GB, Node ${process.versions.node}`
}

export function textOf(report: Report): string {
  const lines = report.figures.map(({ what, unit, values }) => {
    const { min, median, max } = spreadOf(values)
    const columns = [min, median, max].map((value) => value.toPrecision(3).padStart(8))
    return `  ${what.padEnd(36)} ${columns.join(' ')}  ${unit}`
  })
  const header = `  ${''.padEnd(36)} ${['min', 'median', 'max'].map((name) => name.padStart(8)).join(' ')}`
  return [`${report.bench}: ${report.about}`, header, ...lines, ''].join('\n')
}

export function jsonOf(report: Report): string {
  const figures = report.figures.map((figure) => ({ ...figure, ...spreadOf(figure.values) }))
  return `${JSON.stringify({ ...report, machine: machine(), figures })}\n`
}

function spreadOf(values: readonly number[]): { min: number; median: number; max: number } {
  const sorted = values.toSorted((a, b) => a - b)
  const median = sorted[sorted.length >> 1] ?? Number.NaN
  return { min: sorted[0] ?? Number.NaN, median, max: sorted.at(-1) ?? Number.NaN }
}
