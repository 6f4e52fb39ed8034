// opened-store.ts — a workspace's store, opened; or, where none can be had, one in memory and the reason. Knows: how often
// to try. Must not know: what is kept.
import { StoreError } from '../shared/store.ts'
import type { Store } from '../shared/store.ts'
import { MemoryStore } from './memory-store.ts'
import { checkFormat } from './records.ts'
import type { StorePlace } from './store-place.ts'

export type OpenedStore = {
  readonly store: Store
  readonly isDurable: boolean
  readonly error: StoreError | undefined
}

const triesMax = 3
const betweenTriesMs = 300

/** A browser that keeps nothing, or does not want to, still lets one work with the relay: the status says what is kept. */
export async function openedStore(place: StorePlace): Promise<OpenedStore> {
  for (let tries = 1; ; tries++) {
    try {
      const store = await place.open()
      await checkFormat(store)
      return { store, isDurable: place.isDurable, error: undefined }
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      if (tries === triesMax) return { store: await new MemoryStore().open(), isDurable: false, error }
      await new Promise((resolve) => setTimeout(resolve, betweenTriesMs))
    }
  }
}
