// store-place.ts — where a workspace keeps its records: what can be opened, and what is promised of it. Types only.
import type { Store } from '../shared/store.ts'
import type { Room } from './persistence.ts'

export interface StorePlace {
  /** `taken`: whoever lends the room took the store away, with what is in it or without. It is opened again when it is needed. */
  readonly open: (taken?: () => void) => Promise<Store>
  /** Whether what is written outlives the program: only then may a status say «on this disk». */
  readonly isDurable: boolean
  /** Under this name other tabs of the browser open the same store; undefined: nobody else can. */
  readonly sharedName: string | undefined
  /** Asks whoever could clear it not to; undefined: nobody could. */
  readonly askToKeep?: () => Promise<boolean>
  readonly room?: () => Promise<Room | undefined>
}
