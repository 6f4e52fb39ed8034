// ledger.ts — what one person wrote, kept by the simulator beside the device: each edit is pending on the author's
// disk, or acknowledged, or in the inbox [D3], and «saved» is said only of what the relay has on its disk [T1]. Knows:
// edits as bytes. Must not know: outboxes, counters, any machine's books but the status that it tells.
import type * as Y from 'yjs'
import type { DocumentStatus } from '../../shared/replica-status.ts'
import { whatLacks } from './truth.ts'
import { BrokenRule } from './world.ts'

/** Told to be on the disk, or only in the tab's memory. */
type Edit = { readonly update: Uint8Array; isStored: boolean }

export class Ledger {
  #open: Edit[] = []
  #saysSaved = false

  wrote(update: Uint8Array): void {
    this.#open.push({ update, isStored: false })
    this.#saysSaved = false
  }

  statusTold({ inMemory, isSaved, refused }: DocumentStatus): void {
    if (inMemory === 0) for (const edit of this.#open) edit.isStored = true
    this.#saysSaved = isSaved && refused === 0
  }

  /** The tab is gone, this is what its disk has: what was told to be stored is there. */
  tabDied(name: string, stored: Y.Doc): void {
    this.#saysSaved = false
    const kept = this.#open.filter(({ update }) => whatLacks(stored, update) === undefined)
    const lost = this.#open.find((edit) => edit.isStored && !kept.includes(edit))
    if (lost !== undefined)
      throw new BrokenRule('D3', `${name} lost an edit that was told to be on its disk.`)
    for (const edit of kept) edit.isStored = true
    this.#open = kept
  }

  /** After «saved» all that was written is durable at the relay, and needs to be looked at no more. */
  check(name: string, truth: () => Y.Doc): void {
    if (!this.#saysSaved || this.#open.length === 0) return
    const doc = truth()
    for (const { update } of this.#open) {
      const lacks = whatLacks(doc, update)
      if (lacks !== undefined)
        throw new BrokenRule('T1', `${name} says «saved», and the relay's disk lacks ${lacks}.`)
    }
    this.#open = []
  }
}
