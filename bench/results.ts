// results.ts — what was found, told to people as tables and to machines as JSON. Knows: that a figure without its
// machine, and without its spread over several runs, says nothing. Must not know: how anything was measured.
import { cpus, totalmem } from 'node:os'
import { median, shown } from './figures.ts'
import type { Bench, Measured } from './figures.ts'
import { goals, judge, textOfGoal } from './goals.ts'
import { isPinned } from './processor.ts'
import { targetNames } from './target.ts'
import type { TargetName } from './target.ts'

type Found = { readonly bench: string; readonly target: TargetName; readonly runs: Measured[] }
type Failure = { readonly bench: string; readonly target: TargetName; readonly message: string }

const columnWidth = 14

export class Results {
  readonly #found: Found[] = []
  readonly #failures: Failure[] = []

  add({ name: bench }: Bench, target: TargetName, measured: Measured): void {
    const before = this.#found.find((found) => found.bench === bench && found.target === target)
    if (before === undefined) this.#found.push({ bench, target, runs: [measured] })
    else before.runs.push(measured)
  }

  fail({ name: bench }: Bench, target: TargetName, error: unknown): void {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
    this.#failures.push({ bench, target, message })
  }

  /** One of ours: a peer that loses something only has no figure. */
  get hasLost(): boolean {
    return this.#failures.some(({ target }) => target === 'native' || target === 'stock')
  }

  textOf({ name, about }: Bench): string {
    const here = targetNames.filter((target) => this.#figures(name, target).length > 0)
    const rows = [...new Set(here.flatMap((target) => this.#figures(name, target)))]
    const width = Math.max(0, ...rows.map((row) => row.length))
    const lines = rows.map((row) => {
      const cells = here.map((target) => this.#cell(name, target, row).padStart(columnWidth))
      return `  ${row.padEnd(width)}${cells.join('')}`
    })
    const header = `  ${''.padEnd(width)}${here.map((target) => target.padStart(columnWidth)).join('')}`
    const failures = this.#failures
      .filter(({ bench }) => bench === name)
      .map(({ target, message }) => `  ${target} has no figure: ${message}`)
    return ['', `${name}: ${about}`, header, ...lines, ...failures, ''].join('\n')
  }

  /** What is asked of the benches that ran. */
  get verdicts(): string {
    const lines = this.#judged().map(({ goal, verdict }) => `  ${textOfGoal(goal, verdict)}`)
    return ['', machine(), ...lines, ''].join('\n')
  }

  get json(): string {
    const figures = this.#found.map(({ bench, target, runs }) => ({ bench, target, runs }))
    return `${JSON.stringify({ machine: machine(), figures, failures: this.#failures, goals: this.#judged() })}\n`
  }

  #judged() {
    const ran = new Set(this.#found.map(({ bench }) => bench))
    return goals
      .filter(({ bench }) => ran.has(bench))
      .map((goal) => ({
        goal,
        verdict: judge(goal, (target, figure) => this.#median(goal.bench, target, figure)),
      }))
      .filter(({ goal }) => this.#runs(goal.bench, goal.ours).length > 0)
  }

  #figures(bench: string, target: TargetName): string[] {
    return this.#runs(bench, target).flatMap((measured) => Object.keys(measured))
  }

  #runs(bench: string, target: TargetName): readonly Measured[] {
    return this.#found.find((found) => found.bench === bench && found.target === target)?.runs ?? []
  }

  #values(bench: string, target: TargetName, figure: string): number[] {
    return this.#runs(bench, target).flatMap((measured) => measured[figure] ?? [])
  }

  #median(bench: string, target: TargetName, figure: string): number | undefined {
    const values = this.#values(bench, target, figure)
    return values.length === 0 ? undefined : median(values)
  }

  #cell(bench: string, target: TargetName, figure: string): string {
    const values = this.#values(bench, target, figure)
    if (values.length === 0) return ''
    const middle = shown(median(values))
    if (values.length === 1) return middle
    const spread = Math.max(...values) - Math.min(...values)
    return `${middle} ±${shown(spread / 2)}`
  }
}

function machine(): string {
  const processors = cpus()
  const memory = Math.round(totalmem() / 2 ** 30)
  const model = processors[0]?.model ?? 'unknown'
  const pinning = isPinned ? 'server and load on a core each' : 'server and load not pinned'
  return `${processors.length} × ${model}, ${memory} GB, Node ${process.versions.node}, ${pinning}`
}
