// replica.ts — what the simulated world asks of any replica, whatever wire it speaks: that people can write in its
// Y.Doc, and that its device can be treated badly. Types only.
import type * as Y from 'yjs'
import type { Way } from './network.ts'

/** What the weather does to a device and to the tab on it. */
export type Device = {
  readonly name: string
  readonly way: Way
  readonly goOffline: () => void
  readonly comeBack: () => void
  /** The lid is closed: nothing runs, time goes on. */
  readonly freeze: () => void
  readonly thaw: () => void
  /** The tab is gone without a word; `open` begins another one. */
  readonly kill: () => void
  readonly open: () => void
}

export type Replica = {
  readonly name: string
  readonly document: string
  /** Where people write; undefined: its tab is closed or killed, or its lid is down. */
  readonly doc: Y.Doc | undefined
  /** For comparing: what it shows, even where nobody can write. */
  readonly shown: Y.Doc | undefined
  /** Whether it may write at all. */
  readonly mayWrite: boolean
  /** Nothing is on its way that another replica, or the relay, has not seen. */
  readonly isAtRest: boolean
}
