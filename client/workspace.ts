// workspace.ts — what an application holds in its hands: a workspace, its documents, what is saved where. Knows: the
// public words. Must not know: machines, stores, sockets. Nothing here waits for a network.
import type { Durability } from '../shared/message.ts'
import { isSameStatus } from '../shared/replica-status.ts'
import type { ReplicaStatus, RestReason } from '../shared/replica-words.ts'
import { Engine } from './engine.ts'
import type { RefusedEdits } from './inbox.ts'
import type { Prepare } from './live-doc.ts'
import { Observed, until } from './observed.ts'
import type { Observable } from './observed.ts'
import type { OpenDocument } from './open-document.ts'
import { OpenedDocument } from './opened-document.ts'
import type { SynclineDocument } from './opened-document.ts'
import { watchPage } from './page-life.ts'
import { checkedName, checkUrl, placeOf } from './passed-in.ts'
import type { Room } from './persistence.ts'
import type { SocketClass } from './relay-socket.ts'
import type { StorePlace } from './store-place.ts'
import { SynclineError } from './syncline-error.ts'
import type { AskToken } from './token-asking.ts'

export type WorkspaceOptions = {
  /** Where the relay is: `ws://…` or `wss://…`. */
  readonly url: string
  /** Asked for a token to sign in with whenever one is needed. A relay without accounts needs none. */
  readonly token?: AskToken
  /** The name of a database of this browser, or another place, like a `MemoryStore`. One for each person. */
  readonly store: string | StorePlace
  /** What sockets are made with, where the platform has none of its own: on Node 20 the `WebSocket` of `ws`. */
  readonly socketClass?: SocketClass
  /** Whether all documents that the token may read are brought to this device, or only those that are opened. */
  readonly wholeWorkspace?: boolean
  /** Called with each new Y.Doc (`guid` is the document's name), before anything is in it: for observers that miss nothing. */
  readonly prepare?: Prepare
}

export type WorkspaceStatus = {
  /** Of the one socket of this device. `opening`: the store is not open yet. */
  readonly phase: ReplicaStatus['phase'] | 'opening' | 'closed'
  /** Why there is no socket, and will be none by itself. `otherSubject` also where the store, not the socket, is done without. */
  readonly reason: RestReason | undefined
  /** When it connects by itself, in milliseconds since 1970. */
  readonly nextTryAt: number | undefined
  /** Where new edits are kept: `memory` is lost with this tab. A disk that refuses is tried again and again. */
  readonly keeps: 'opening' | 'disk' | 'memory'
  /** Why the store refuses, in its own words; undefined: it does not. */
  readonly storeError: string | undefined
  /** Whether the browser promised to clear nothing for want of room; undefined: it was not asked yet, or is none. */
  readonly isPersistent: boolean | undefined
  /** Why the application could give no token. It is asked again. */
  readonly tokenError: string | undefined
  /** Why no socket can even be tried, in the platform's words. It is tried again. */
  readonly socketError: string | undefined
  /** Whether this tab talks to the relay; `alone`: tabs of this browser cannot see each other. */
  readonly tab: 'following' | 'leading' | 'alone'
  /** The sums over the documents that are open. */
  readonly inMemory: number
  readonly pending: number
  /** Names of documents with edits that the relay has not answered: in the tab that talks all of this device. */
  readonly waiting: readonly string[]
  /** Edits in the inbox. */
  readonly refused: number
  /** Documents that the relay has something new of, and that are not open: with `wholeWorkspace` they are being brought. */
  readonly toFetch: number
  /** What an ack of this relay stands for: 0, its disk; 1, its operating system. */
  readonly durability: Durability | undefined
  /** The relay's clock less this one's. */
  readonly clockOffsetMs: number | undefined
}

/** Who was away for so long does not wait for the next try. */
const awayMs = 5 * 60_000

/**
 * A replica on this device: everything is written to it first, and goes to the relay when there is one.
 *
 * @example
 * const workspace = openWorkspace({ url: 'ws://127.0.0.1:4410', store: 'notes' })
 * const { doc } = workspace.open('shopping')
 * doc.getText('text').insert(0, 'milk')
 */
export function openWorkspace(options: WorkspaceOptions): Workspace {
  return new Workspace(options)
}

export class Workspace {
  readonly status: Observable<WorkspaceStatus>
  readonly refused: RefusedEdits
  /** How much this browser lends, and how much of it is used; undefined: nobody says. */
  readonly room: () => Promise<Room | undefined>
  readonly #status: Observed<WorkspaceStatus>
  readonly #engine: Engine
  readonly #unwatchPage: () => void
  #isClosed = false

  constructor({
    url,
    token,
    store,
    socketClass = globalThis.WebSocket,
    wholeWorkspace = false,
    prepare,
  }: WorkspaceOptions) {
    if (socketClass === undefined)
      throw new SynclineError('no-web-socket', 'There is no WebSocket here: pass one as socketClass.')
    checkUrl(url)
    const place = placeOf(store)
    this.room = async () => place.room?.()
    const options = { url, token, place, socketClass, wholeWorkspace, prepare }
    this.#engine = new Engine(options, () => this.#show())
    this.#status = new Observed(this.#statusNow())
    this.status = this.#status
    this.refused = this.#engine.inbox
    this.#unwatchPage = watchPage({
      shown: (hiddenForMs) => {
        this.#engine.show()
        if (hiddenForMs >= awayMs) this.#engine.rouse()
      },
      frozen: () => this.#engine.freeze(),
      thawed: () => this.#engine.thaw(),
      left: () => {
        for (const document of this.#engine.documents.all) document.keep(false)
      },
      networkBack: () => this.#engine.rouse(),
    })
    this.#engine.start()
  }

  /** The document of this name. It exists as soon as somebody writes in it. Each opening is closed once. */
  open(name: string): SynclineDocument {
    if (this.#isClosed) throw new SynclineError('closed', 'This workspace was closed.')
    const document = this.#engine.open(checkedName(name))
    document.openings += 1
    document.keep(true)
    return new OpenedDocument(document, this.status, () => this.#close(document))
  }

  /** Tries now what waits for its next time, and asks again what was answered with no. */
  retryNow(): void {
    this.#engine.retry()
  }

  /** On purpose, in all tabs, until it is taken back, or none of them is left: a reload of the only one ends it too. */
  workOffline(isOn: boolean): void {
    this.#engine.workOffline(isOn)
  }

  /** Resolves when nothing is in memory alone, unless the disk refuses to take it. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#unwatchPage()
    await Promise.all(this.#engine.documents.all.map((document) => this.#stored(document)))
    await this.#engine.close()
    this.#show()
  }

  async #close(document: OpenDocument): Promise<void> {
    document.openings -= 1
    if (document.openings > 0) return
    await this.#stored(document)
    if (this.#isClosed || !document.isStored || document.openings > 0) return
    this.#engine.closeDocument(document.name)
  }

  async #stored(document: OpenDocument): Promise<void> {
    document.keep(false)
    await until(this.status, () => document.isStored || this.#engine.status.storeError !== undefined)
  }

  #show(): void {
    const status = this.#statusNow()
    if (!isSameStatus(status, this.#status.current)) this.#status.set(status)
  }

  #statusNow(): WorkspaceStatus {
    const { status, role, documents, inbox } = this.#engine
    const { relay, keeps, isOtherSubjects, ...told } = status
    const sums = { inMemory: 0, pending: 0 }
    for (const { status: one } of documents.all) {
      sums.inMemory += one.current.inMemory
      sums.pending += one.current.pending
    }
    const phase = keeps === 'opening' ? 'opening' : (relay?.phase ?? 'following')
    return {
      phase: this.#isClosed ? 'closed' : phase,
      reason: relay?.reason ?? (isOtherSubjects ? 'otherSubject' : undefined),
      nextTryAt: relay?.nextTryAt,
      ...told,
      keeps: told.storeError === undefined ? keeps : 'memory',
      tab: role,
      ...sums,
      waiting: documents.waiting,
      refused: inbox.current.length,
      toFetch: relay?.toFetch ?? 0,
      durability: relay?.durability,
      clockOffsetMs: relay?.clockOffsetMs,
    }
  }
}
