// ledger.ts — what one person wrote, kept by the simulator beside the tab: each edit is in memory, or on the device's
// disk, or acknowledged, or in the inbox, and one of these alone [D3]; «saved» is said only where all of it is
// acknowledged [T1]. Knows: edits as bytes. Must not know: outboxes, counters, any machine's books but the status that
// it tells; whether an ack was true when it left the relay, which is for who hears it leave to say [D1].
import { equalBytes } from '../../shared/equal-bytes.ts'
import type { DocumentStatus } from '../../shared/replica-status.ts'
import { lineOfUpdate } from './frame-line.ts'
import { BrokenRule } from './world.ts'

type Edit = {
  readonly update: Uint8Array
  /** `unsure`: it was in the memory of a tab that is gone; its write may have been on its way. */
  is: 'inMemory' | 'stored' | 'unsure'
}

/** What a device's disk says of edits: those that wait for the relay, and those that wait for a person. */
export type Kept = { readonly pending: readonly Uint8Array[]; readonly inbox: readonly Uint8Array[] }

export class Ledger {
  /** Without an ack so far. */
  #open: Edit[] = []
  readonly #acked: Uint8Array[] = []
  #saysSaved = false

  wrote(update: Uint8Array): void {
    this.#open.push({ update, is: 'inMemory' })
    this.#saysSaved = false
  }

  /** An ack has left the relay: what becomes of its disk later takes nothing back. */
  ackLeft(update: Uint8Array): void {
    const open = this.#open.filter((edit) => !equalBytes(edit.update, update))
    if (open.length < this.#open.length) this.#acked.push(update)
    this.#open = open
  }

  statusTold({ inMemory, isSaved }: DocumentStatus): void {
    if (inMemory === 0) for (const edit of this.#open) if (edit.is === 'inMemory') edit.is = 'stored'
    this.#saysSaved = isSaved
  }

  tabDied(name: string, kept: Kept): void {
    this.#saysSaved = false
    this.checkStored(name, kept)
    for (const edit of this.#open) if (edit.is === 'inMemory') edit.is = 'unsure'
  }

  /** What was told to be on the disk is there. */
  checkStored(name: string, { pending, inbox }: Kept): void {
    for (const { update, is } of this.#open) {
      if (is === 'stored' && !isIn(pending, update) && !isIn(inbox, update))
        throw new BrokenRule(
          'D3',
          `${name} lost an edit that was told to be on its disk: ${lineOfUpdate(update)}.`,
        )
    }
  }

  checkSaved(name: string): void {
    const open = this.#saysSaved ? this.#open.filter(({ is }) => is !== 'unsure') : []
    if (open.length > 0)
      throw new BrokenRule('T1', `${name} says «saved», and ${open.length} edits have no ack.`)
  }

  hasWritten(update: Uint8Array): boolean {
    return isIn(this.unanswered, update) || isIn(this.#acked, update)
  }

  /** Edits of this person that were never acknowledged. */
  get unanswered(): readonly Uint8Array[] {
    return this.#open.map(({ update }) => update)
  }

  get acked(): readonly Uint8Array[] {
    return this.#acked
  }

  /** Nothing waits for the relay any more: what has no ack waits for a person. */
  checkAtTheEnd(name: string, { inbox }: Kept): void {
    for (const { update, is } of this.#open) {
      if (is !== 'unsure' && !isIn(inbox, update))
        throw new BrokenRule('D3', `${name} lost an edit that nobody acknowledged: ${lineOfUpdate(update)}.`)
    }
  }
}

function isIn(kept: readonly Uint8Array[], update: Uint8Array): boolean {
  return kept.some((one) => equalBytes(one, update))
}
