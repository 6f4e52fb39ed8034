// log-views.ts — documents' logs as Y.Docs, brought up to date when something needs one: a difference, a digest, a fold.
// Knows: the store's records of one history, and that a workshop does one thing after the other. Must not know: Yjs,
// links, rooms. What it shows is what the store has durable. [D2]
import { equalBytes } from '../shared/equal-bytes.ts'
import type { DocumentPlace, HistoryPlace } from '../shared/record-keys.ts'
import type { RelayStore } from '../shared/relay-store.ts'
import type { DocumentState } from '../shared/document-state.ts'
import type { Snapshot } from '../shared/room-words.ts'
import { WorkError } from './workshop.ts'
import type { ReadForm, WorkErrorCode, Workshop } from './workshop.ts'

export type LogViewsOptions = {
  readonly store: RelayStore
  readonly workshop: Workshop
  /** Yjs can read it and not apply it: it is left out, and all others stay. */
  readonly reportUnusable: (place: DocumentPlace, lain: Lain) => void
  readonly reportGivenUp: (place: DocumentPlace, reason: WorkError) => void
}

/** An update where the store has it: a row at its position, or a piece of the snapshot. */
export type Lain = {
  readonly label: string
  readonly position: number | undefined
  readonly update: Uint8Array
}

type Lot = { readonly through: number; readonly lain: readonly Lain[] }

/** More than these in one log are no accident any more, and each costs reading it again. */
const unusableMax = 16
/** Documents that are not worked on any more; the one that was given up first is tried again. [B1] */
const givenUpMax = 1_000

/** Of the document: it is worked on again when somebody asks again. */
const saysNothing: ReadonlySet<WorkErrorCode> = new Set(['history-ended', 'work-not-begun'])

export class LogViews {
  readonly #options: LogViewsOptions
  /** One after the other: two that catch up at once would read the same rows. */
  #turn: Promise<unknown> = Promise.resolve()
  readonly #givenUp = new Set<string>()
  /** How often the store has begun anew: a Y.Doc of before shows what may be on no disk. */
  #beginnings = 0

  constructor(options: LogViewsOptions) {
    this.#options = options
  }

  /** What a replica with this state vector lacks, all deletions included. */
  difference(history: HistoryPlace, stateVector: Uint8Array, through: number): Promise<Uint8Array[]> {
    return this.#inTurn(history, async (name) => {
      await this.#catchUp(history, name, through)
      return this.#options.workshop.difference(name, stateVector)
    })
  }

  digest(history: HistoryPlace, through: number): Promise<{ position: number; digest: Uint8Array }> {
    return this.#inTurn(history, async (name) => {
      const position = await this.#catchUp(history, name, through)
      return { position, digest: await this.#options.workshop.digest(name) }
    })
  }

  snapshot(history: HistoryPlace, through: number): Promise<Snapshot> {
    return this.#inTurn(history, async (name) => {
      await this.#catchUp(history, name, through)
      return this.#options.workshop.snapshot(name)
    })
  }

  /** All of it through there at least, with the position that it stands for. */
  read(
    history: HistoryPlace,
    form: ReadForm,
    through: number,
  ): Promise<{ position: number; bytes: Uint8Array }> {
    return this.#inTurn(history, async (name) => {
      const position = await this.#catchUp(history, name, through)
      return { position, bytes: await this.#options.workshop.read(name, form) }
    })
  }

  /** In its turn: somebody who holds no room may be reading it. */
  forget(place: DocumentPlace): void {
    this.#turn = this.#turn.then(() => this.#options.workshop.drop(nameOf(place)))
  }

  startAnew(): void {
    this.#beginnings += 1
    this.#givenUp.clear()
  }

  #inTurn<Made>(history: HistoryPlace, work: (name: string) => Promise<Made>): Promise<Made> {
    const made = this.#turn.then(() => this.#try(history, work))
    // Whoever asked is told; the next one in turn is not.
    this.#turn = made.catch(() => undefined)
    return made
  }

  /** What broke the thread once would break it again, for everyone else who needs it. */
  async #try<Made>(history: HistoryPlace, work: (name: string) => Promise<Made>): Promise<Made> {
    const name = nameOf(history)
    if (this.#givenUp.has(name)) {
      throw new WorkError('work-given-up', 'This document is served as its log has it, and not worked on.')
    }
    try {
      return await work(name)
    } catch (error) {
      if (error instanceof WorkError && !saysNothing.has(error.code)) this.#giveUp(history, name, error)
      throw error
    }
  }

  #giveUp(place: DocumentPlace, name: string, reason: WorkError): void {
    this.#givenUp.add(name)
    if (this.#givenUp.size > givenUpMax) {
      const [oldest] = this.#givenUp
      if (oldest !== undefined) this.#givenUp.delete(oldest)
    }
    this.#options.reportGivenUp(place, reason)
  }

  /** Returns the position through which the Y.Doc holds the log, which is this one at least. */
  async #catchUp(history: HistoryPlace, name: string, through: number): Promise<number> {
    const { workshop } = this.#options
    const epoch = `${this.#beginnings} ${hexOf(history.epoch)}`
    const unusable = new Set<string>()
    for (;;) {
      const state = await this.#stateOf(history)
      const held = await workshop.held(name)
      const isCurrent = held?.epoch === epoch && held.through >= state.foldedThrough
      if (isCurrent && held.through >= through) return held.through
      if (!isCurrent) await workshop.begin(name, epoch)
      const lots = isCurrent
        ? this.#rows(history, held.through, state.last)
        : this.#everything(history, state)
      const failed = await this.#take(name, lots, unusable)
      if (failed !== undefined) {
        if (unusable.size >= unusableMax) throw failed.error
        unusable.add(failed.lain.label)
        this.#options.reportUnusable(history, failed.lain)
        continue
      }
      // A fold that became valid meanwhile may have taken rows away before they were read.
      if ((await this.#stateOf(history)).foldedThrough === state.foldedThrough) return state.last
      workshop.drop(name)
    }
  }

  /** Of another history nothing may be shown to who asked for this one. [E1] */
  async #stateOf(history: HistoryPlace): Promise<DocumentState> {
    const state = await this.#options.store.readState(history)
    if (equalBytes(state.epoch, history.epoch)) return state
    throw new WorkError('history-ended', 'The document was replaced.')
  }

  /** Returns the one that could not be used, with which the Y.Doc is gone. */
  async #take(
    name: string,
    lots: AsyncIterable<Lot>,
    unusable: ReadonlySet<string>,
  ): Promise<{ readonly lain: Lain; readonly error: WorkError } | undefined> {
    for await (const { through, lain } of lots) {
      const usable = lain.filter(({ label }) => !unusable.has(label))
      try {
        await this.#options.workshop.take(
          name,
          usable.map(({ update }) => update),
          through,
        )
      } catch (error) {
        const failed = error instanceof WorkError && error.index !== undefined && usable[error.index]
        if (!failed) throw error
        return { lain: failed, error }
      }
    }
    return undefined
  }

  async *#everything(history: HistoryPlace, state: DocumentState): AsyncGenerator<Lot, void, undefined> {
    const { foldedThrough, last } = state
    let index: number | undefined = foldedThrough === 0 ? undefined : 0
    while (index !== undefined) {
      const first: number = index
      const { pieces, next } = await this.#options.store.readPieces(history, foldedThrough, first)
      const lain = pieces.map((update, n) => ({ label: `piece ${first + n}`, position: undefined, update }))
      yield { through: foldedThrough, lain }
      index = next
    }
    yield* this.#rows(history, foldedThrough, last)
  }

  async *#rows(history: HistoryPlace, from: number, through: number): AsyncGenerator<Lot, void, undefined> {
    for (let after = from; after < through;) {
      const { rows, isEnd } = await this.#options.store.readRows(history, after, through)
      after = isEnd ? through : (rows.at(-1)?.position ?? through)
      yield {
        through: after,
        lain: rows.map(({ position, update }) => ({ label: `row ${position}`, position, update })),
      }
    }
  }
}

function nameOf({ tenant, document }: DocumentPlace): string {
  return JSON.stringify([tenant, document])
}

function hexOf(epoch: Uint8Array): string {
  return Array.from(epoch, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
