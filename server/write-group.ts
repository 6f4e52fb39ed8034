// write-group.ts — batches that waited for the disk together and go to it as one: one sync serves all of them. Knows: which
// may go together, how many, and what the earlier ones say of a key that a later one guards. Must not know: LevelDB.
import type { Batch, Entry } from '../shared/store.ts'
import { keyName } from './guarded-values.ts'

const groupBatchesMax = 256
const groupBytesMax = 1024 * 1024

/** What a batch does, its ranges read into keys. */
export type Change = { readonly removed: readonly Uint8Array[]; readonly put: readonly Entry[] }

/** Takes the batches off the queue that go first; a large one goes alone. */
export function takeGroup<Waiting extends { readonly batch: Batch }>(queue: Waiting[]): readonly Waiting[] {
  let count = 0
  let bytes = 0
  for (const { batch } of queue) {
    bytes += bytesOf(batch)
    // What a range removes is read from the disk, which does not have the batches before it yet.
    const goesAlone = (batch.removeRange?.length ?? 0) > 0
    if (count > 0 && (goesAlone || bytes > groupBytesMax)) break
    count += 1
    if (goesAlone || count === groupBatchesMax) break
  }
  return queue.splice(0, count)
}

/** Changes in their order. */
export class WriteGroup {
  readonly changes: Change[] = []
  #isSynced = false
  /** By key, once there is more than one batch to know it. */
  readonly #said: Map<string, Uint8Array | undefined> | undefined

  constructor(batches: number) {
    this.#said = batches > 1 ? new Map() : undefined
  }

  get isEmpty(): boolean {
    return this.changes.every(({ removed, put }) => removed.length + put.length === 0)
  }

  /** Whether one of them must outlive the power going off. */
  get isSynced(): boolean {
    return this.#isSynced
  }

  add(batch: Batch, change: Change): void {
    this.changes.push(change)
    if (batch.durability === 'synced') this.#isSynced = true
    if (this.#said === undefined) return
    for (const key of change.removed) this.#said.set(keyName(key), undefined)
    for (const { key, value } of change.put) this.#said.set(keyName(key), value)
  }

  /** What a batch before it says of the key: its value, or that it is not there. */
  says(key: Uint8Array): { readonly value: Uint8Array | undefined } | undefined {
    if (this.#said === undefined || this.#said.size === 0) return undefined
    const name = keyName(key)
    return this.#said.has(name) ? { value: this.#said.get(name) } : undefined
  }
}

function bytesOf({ put = [] }: Batch): number {
  return put.reduce((sum, { key, value }) => sum + key.length + value.length, 0)
}
