// replica.ts — what the simulated world asks of any replica, whatever wire it speaks, and of each tab where it has
// several: that people can write in its Y.Doc, and that its device can be treated badly. Types only.
import type * as Y from 'yjs'
import type { Way } from './network.ts'

/** What the weather does to a device and to the tab on it. */
export type Device = {
  readonly name: string
  readonly way: Way
  readonly goOffline: () => void
  readonly comeBack: () => void
  /** The lid is closed, or the page is in the background: nothing runs, time goes on. */
  readonly freeze: () => void
  readonly thaw: () => void
  /** The tab is gone without a word; `open` begins another one. */
  readonly kill: () => void
  readonly open: () => void
  /** Its person asks for another try. */
  readonly retry?: () => void
  /** Its person switches the network off for it, or on again. */
  readonly workOffline?: (isOn: boolean) => void
}

export type Replica = {
  readonly name: string
  readonly document: string
  /** Where people write; undefined: its tab is closed or killed, or its lid is down. */
  readonly doc: Y.Doc | undefined
  /** For comparing with the log: what it shows, even where nobody can write, without what it only keeps. */
  readonly shown: Y.Doc | undefined
  /** Whether its person is told that it may be written to. */
  readonly mayWrite: boolean
  /** Nothing is on its way that another replica, or the relay, has not seen. */
  readonly isAtRest: boolean
}
