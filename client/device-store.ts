// device-store.ts — the store that this tab works on: the disk, and as long as that does not open memory that stands in for it.
// Knows: when a disk is done without, what is told of it. Must not know: machines, documents, what records say. [L1] [T1]
import { StoreError } from '../shared/store.ts'
import type { Store } from '../shared/store.ts'
import { Alarm } from './alarm.ts'
import { Asking } from './asking.ts'
import { memoryStore } from './memory-store.ts'
import { moved } from './moving.ts'
import type { Kinship } from './moving.ts'
import { patiently } from './patience.ts'
import { openedStore, Records } from './records.ts'
import type { StorePlace } from './store-place.ts'

export type StoreStatus = {
  readonly keeps: 'opening' | 'disk' | 'memory'
  /** Why the store refuses, or why there is none, in its own words. */
  readonly storeError: string | undefined
  /** The store is of somebody else than who signed in while it did not open: it is done without. [S1] */
  readonly isOtherSubjects: boolean
  readonly isPersistent: boolean | undefined
}

export type StoreHost = {
  readonly statusChanged: () => void
  readonly readInbox: () => Promise<void>
  /** It can be read and written from now on; it may be another one than before. */
  readonly opened: () => void
  /** Whether what the memory has sent needs it no more. */
  readonly mayLeave: (kinship: Kinship) => boolean
  readonly isCurrent: (document: string) => boolean | undefined
  /** Lets go of the memory: the disk takes over, without what is pending. */
  readonly leave: (kinship: Kinship) => Promise<void>
}

/** A store that refuses so often, or does not even answer for so long, is done without until it opens. */
const triesMax = 3
const storeMsMax = 10_000

export class DeviceStore {
  readonly #place: StorePlace
  readonly #host: StoreHost
  readonly #opening: Asking<Store>
  readonly #late = new Alarm(() => this.#goWithout('The store does not open. It may take a while.'))
  #records: Records | undefined
  #isStandIn = false
  #hasAskedToKeep = false
  #isClosed = false
  #status: StoreStatus = {
    keeps: 'opening',
    storeError: undefined,
    isOtherSubjects: false,
    isPersistent: undefined,
  }

  constructor(place: StorePlace, host: StoreHost) {
    this.#place = place
    this.#host = host
    this.#opening = new Asking(
      () => openedStore(place, () => this.follow(async () => this.#records?.look())),
      (store) => void this.#opened(store),
      (error, failures) => {
        if (!(error instanceof StoreError)) throw error
        // One that refuses for a moment is waited for.
        if (failures >= triesMax || this.#isStandIn) this.#goWithout(error.message)
      },
    )
  }

  get status(): StoreStatus {
    return this.#status
  }

  /** Whether what is written outlives the program. */
  get isDurable(): boolean {
    return this.#status.keeps === 'disk'
  }

  get isOpen(): boolean {
    return this.#records !== undefined
  }

  get records(): Records {
    if (this.#records === undefined) throw new Error('The store is not open yet.')
    return this.#records
  }

  start(): void {
    this.#late.set(Date.now() + storeMsMax)
    void this.#opening.now()
  }

  /** A person asks for another try. */
  hurry(): void {
    this.#opening.hurry()
  }

  /** What it said when it refused; undefined: it took something. */
  readonly said = (error: StoreError | undefined): void => {
    // That memory takes something says nothing of the disk.
    if (!this.#isStandIn) this.#show({ storeError: error?.message })
  }

  /** There is something to keep: its browser is asked for it. One that does not even answer promises nothing. */
  kept(): void {
    if (this.#hasAskedToKeep) return
    this.#hasAskedToKeep = true
    this.#place.askToKeep?.().then(
      (isPersistent) => this.#show({ isPersistent }),
      () => this.#show({ isPersistent: false }),
    )
  }

  /** Reads and writes; where that fails, it is begun again in a moment. */
  follow(work: () => Promise<void>): void {
    void patiently(work, () => !this.#isClosed, this.said)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#opening.stop()
    this.#late.stop()
    await this.#records?.close()
  }

  /** As long as it takes: nothing that is done in memory is lost when it opens. */
  #goWithout(why: string): void {
    this.#late.stop()
    this.#show({ storeError: why })
    if (this.#isStandIn) return
    this.#isStandIn = true
    this.#begin(new Records(memoryStore()))
  }

  #opened(store: Store): Promise<void> | undefined {
    this.#late.stop()
    const records = new Records(store)
    if (this.#isClosed) return records.close()
    return this.#isStandIn ? this.#moveTo(records) : this.#begin(records)
  }

  /** `standIn`: the memory that was there before this store. */
  #begin(records: Records, standIn?: Records): undefined {
    this.#records = records
    this.follow(async () => {
      if (standIn !== undefined) await records.takeInbox(standIn)
      await this.#host.readInbox()
      if (this.#isClosed) return
      const storeError = this.#isStandIn ? this.#status.storeError : undefined
      const isDisk = this.#place.isDurable && !this.#isStandIn
      this.#show({ keeps: isDisk ? 'disk' : 'memory', storeError })
      this.#host.opened()
    })
  }

  /** The disk takes over from the memory that stood in for it, and the tab is one of those that share it. [D3] */
  async #moveTo(disk: Records): Promise<void> {
    const memory = this.records
    const kinship = await moved(memory, disk, {
      ...this.#host,
      isWanted: () => !this.#isClosed,
      storeSaid: (error) => this.#show({ storeError: error?.message }),
    })
    if (kinship === 'otherSubject')
      this.#show({ isOtherSubjects: true, storeError: 'The store of this device is of another person.' })
    if (kinship === undefined || kinship === 'otherSubject') return disk.close()
    await this.#host.leave(kinship)
    if (this.#isClosed) return disk.close()
    this.#isStandIn = false
    return this.#begin(disk, memory)
  }

  #show(change: Partial<StoreStatus>): void {
    this.#status = { ...this.#status, ...change }
    this.#host.statusChanged()
  }
}
