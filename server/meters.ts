// meters.ts — what the relay counts while it works: plain numbers, read when somebody asks for them. Knows: nothing
// but numbers. Must not know: how they are published; the simulator runs with these too.
import type { Message } from '../shared/message.ts'
import type { RefusalCode } from './refusals.ts'

export class Meters {
  readonly commitSeconds: Spread = new Spread([
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 2.5, 10,
  ])
  readonly commitRows: Spread = new Spread([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 4096])
  rowsCommitted = 0
  rowBytesCommitted = 0
  writesFailed = 0
  foldsMade = 0
  foldsFailed = 0
  framesIn = 0
  framesOut = 0
  bytesIn = 0
  bytesOut = 0
  /** Of the native wire, by code. */
  readonly goodbyes: Tally<number> = new Tally()
  readonly closedLinks: Tally<number> = new Tally()
  readonly refusals: Tally<number> = new Tally()
  /** Sockets that the relay ended, by WebSocket close code: to stock clients it says what goodbye says to others. */
  readonly socketEnds: Tally<number> = new Tally()
  readonly signInRefusals: Tally<RefusalCode> = new Tally()

  said(message: Message): void {
    if (message.type === 'goodbye') this.goodbyes.count(message.code)
    else if (message.type === 'closed') this.closedLinks.count(message.code)
    else if (message.type === 'refused') for (const { code } of message.entries) this.refusals.count(code)
  }

  committed(seconds: number, rows: readonly { readonly update: Uint8Array }[]): void {
    this.commitSeconds.add(seconds)
    this.commitRows.add(rows.length)
    this.rowsCommitted += rows.length
    for (const { update } of rows) this.rowBytesCommitted += update.length
  }
}

/** How often each code was said. */
export class Tally<Code> {
  readonly #counts = new Map<Code, number>()

  count(code: Code): void {
    this.#counts.set(code, (this.#counts.get(code) ?? 0) + 1)
  }

  of(code: Code): number {
    return this.#counts.get(code) ?? 0
  }
}

/** How values spread over buckets, each of which holds what is at most its bound and above the one before it. */
export class Spread {
  readonly bounds: readonly number[]
  readonly counts: Float64Array
  sum = 0

  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.counts = new Float64Array(bounds.length + 1)
  }

  add(value: number): void {
    let index = 0
    while (index < this.bounds.length && value > (this.bounds[index] ?? 0)) index++
    this.counts[index] = (this.counts[index] ?? 0) + 1
    this.sum += value
  }
}
