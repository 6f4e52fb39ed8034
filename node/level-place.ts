// level-place.ts — where a workspace on Node keeps its records: a folder of LevelDB, of one process at a time. Knows: the
// relay's own store, which has learned how LevelDB fails. Must not know: what the records say, the rest of the relay.
import { SynclineError } from '../client/index.ts'
import type { StorePlace } from '../client/index.ts'
import { LevelStore } from '../server/level-store.ts'
import type { LevelDamage } from '../server/level-store.ts'
import { RelayError } from '../server/relay-error.ts'
import { StoreError } from '../shared/store.ts'
import type { Store } from '../shared/store.ts'

/**
 * Takes the folder, and makes it if there is none. It is let go when the workspace is closed, or the process ends.
 * Where it cannot be had a SynclineError says why: `store-in-use`, `store-unreadable`.
 *
 * @example
 * const store = await openLevelStore('./notes')
 * const workspace = openWorkspace({ url, store, socketClass: WebSocket })
 */
export async function openLevelStore(folder: string): Promise<StorePlace> {
  return new LevelPlace(folder, await opened(folder))
}

class LevelPlace implements StorePlace {
  readonly isDurable = true
  readonly sharedName = undefined
  readonly #folder: string
  #store: Store
  #isTaken = false

  constructor(folder: string, store: Store) {
    this.#folder = folder
    this.#store = store
  }

  /** To open it again is to take it away from the workspace that had it, so that no two share an outbox. [D3] */
  async open(): Promise<Store> {
    if (this.#isTaken) {
      await this.#store.close()
      this.#store = await this.#openedAgain()
    }
    this.#isTaken = true
    return this.#store
  }

  async #openedAgain(): Promise<Store> {
    try {
      return await opened(this.#folder)
    } catch (error) {
      if (!(error instanceof SynclineError)) throw error
      throw new StoreError('broken', error.message, 'notApplied', error)
    }
  }
}

async function opened(folder: string): Promise<Store> {
  try {
    return await LevelStore.open({ folder, sync: true, whenDamaged: (damage) => warn(folder, damage) })
  } catch (error) {
    if (!(error instanceof RelayError)) throw error
    throw error.code === 'data-in-use'
      ? new SynclineError(
          'store-in-use',
          `Another program, or another workspace of this one, uses ${folder}.`,
        )
      : new SynclineError('store-unreadable', error.message)
  }
}

/** The digests find what is missing, and the relay gives it back; edits that it never had are gone. */
function warn(folder: string, { is, cause }: LevelDamage): void {
  const what = is === 'repaired' ? 'The store was damaged and had to be repaired' : 'A part cannot be read'
  process.emitWarning(`${what}: ${folder}. Edits that had not reached the relay may be lost.`, {
    code: 'SYNCLINE_STORE_DAMAGED',
    detail: String(cause),
  })
}
