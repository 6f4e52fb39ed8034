// engine.ts — one tab's share of a replica: performs what the machines of shared/ ask for, and tells them what came of
// it. Knows: the Replica, the Tab, the documents, the socket, who leads. Must not know: what the machines decide, which
// store there is, the records' insides, Yjs. Inputs that come while effects are performed wait until all of them are. [L1]
import { want } from '../shared/message.ts'
import type { OwnInput } from '../shared/replica-document-words.ts'
import { Replica } from '../shared/replica.ts'
import type { ReplicaEffect, ReplicaInput, ReplicaStatus } from '../shared/replica-words.ts'
import { unreachable } from '../shared/unreachable.ts'
import { Alarm } from './alarm.ts'
import type { Asking } from './asking.ts'
import { DeviceStore } from './device-store.ts'
import type { StoreStatus } from './device-store.ts'
import { Inbox } from './inbox.ts'
import type { OpenDocument } from './open-document.ts'
import { OpenDocuments } from './open-documents.ts'
import type { Prepare } from './live-doc.ts'
import type { Kinship } from './moving.ts'
import { atMostAMoment } from './patience.ts'
import { newIdentity } from './records.ts'
import { RelaySocket } from './relay-socket.ts'
import type { SocketClass } from './relay-socket.ts'
import { SharedTab } from './shared-tab.ts'
import type { StorePlace } from './store-place.ts'
import { tokenAsking } from './token-asking.ts'
import type { AskToken } from './token-asking.ts'

export type EngineOptions = {
  readonly url: string
  readonly token: AskToken | undefined
  readonly place: StorePlace
  readonly socketClass: SocketClass
  readonly wholeWorkspace: boolean
  readonly prepare: Prepare | undefined
}

type OwnStatus = {
  /** Of this tab, or of the one that talks to the relay. */
  readonly relay: ReplicaStatus | undefined
  readonly tokenError: string | undefined
  /** Why no socket can even be tried, in the platform's words. */
  readonly socketError: string | undefined
}

export type EngineStatus = OwnStatus & StoreStatus

export class Engine {
  readonly inbox: Inbox
  readonly documents: OpenDocuments
  readonly #options: EngineOptions
  readonly #changed: () => void
  readonly #store: DeviceStore
  #replica: Replica
  readonly #alarm = new Alarm(() => this.step({ type: 'woken' }))
  readonly #tokens: Asking<string> | undefined
  readonly #tab: SharedTab
  readonly #inputs: (() => void)[] = []
  #isPerforming = false
  #hasMetRelay = false
  #socket: RelaySocket | undefined
  #isClosed = false
  #status: OwnStatus = {
    relay: undefined,
    tokenError: undefined,
    socketError: undefined,
  }

  constructor(options: EngineOptions, changed: () => void) {
    this.#options = options
    this.#changed = changed
    this.#replica = this.#newReplica()
    this.#store = new DeviceStore(options.place, {
      statusChanged: changed,
      readInbox: () => this.inbox.read(),
      opened: () => this.#storeOpened(),
      mayLeave: (kin) =>
        kin === 'sameReplica' ||
        !this.#hasMetRelay ||
        this.documents.all.every(({ isAnswered }) => isAnswered),
      isCurrent: (name) => {
        const document = this.documents.find(name)
        return document && document.status.current.phase === 'live'
      },
      leave: (kin) => this.#leaveStore(kin),
    })
    this.inbox = new Inbox(this.#store, ({ document }) => this.#tell(document, { type: 'discarded' }))
    this.inbox.subscribe(() => {
      for (const document of this.documents.all) document.showStatus()
      this.#tab.say({ type: 'inboxChanged' })
      this.#changed()
    })
    const { token: askToken } = options
    // A relay without accounts takes any token, also none: where that is refused there is no other.
    this.#tokens =
      askToken &&
      tokenAsking(
        askToken,
        (token) => {
          this.#show({ tokenError: undefined })
          this.step({ type: 'tokenGiven', token })
        },
        (tokenError) => this.#show({ tokenError }),
      )
    this.#tab = new SharedTab(options.place.sharedName, {
      store: this.#store,
      document: (name) => this.documents.find(name),
      relay: () => this.#status.relay,
      leaderSaid: (relay) => {
        // A tab that was opened later has not heard it, and may be the last that knows.
        const isOn = relay.reason === 'workOffline'
        if (isOn || relay.phase === 'ready') this.step({ type: 'workOfflineSet', isOn })
        this.#show({ relay })
      },
      inboxChanged: () => this.#store.follow(() => this.inbox.read()),
      settled: () => atMostAMoment(Promise.all(this.documents.all.map(({ loaded }) => loaded))),
      retried: () => this.#retry(),
      step: (input) => this.step(input),
      unsentFound: (names) => {
        this.documents.unsentFound(names)
        this.#changed()
      },
      tell: (document, input) => this.#tell(document, input),
      run: (work) => this.#run(work),
    })
    this.documents = new OpenDocuments({
      store: this.#store,
      tab: this.#tab,
      inbox: this.inbox,
      prepare: options.prepare,
      tell: (document, input) => this.#tell(document, input),
      statusChanged: (document) => {
        this.documents.statusChanged(document)
        this.#tab.sayStatusOf(document)
        changed()
      },
    })
  }

  get status(): EngineStatus {
    return { ...this.#status, ...this.#store.status }
  }

  get role(): SharedTab['role'] {
    return this.#tab.role
  }

  start(): void {
    this.#store.start()
  }

  #newReplica(): Replica {
    return new Replica({
      random: Math.random(),
      trace: '',
      followsWorkspace: this.#options.wholeWorkspace,
      wants: want.write + want.presence,
    })
  }

  #storeOpened(): void {
    if (this.#tokens === undefined) this.step({ type: 'tokenGiven', token: '' })
    for (const { name: document, isKept } of this.documents.all) {
      this.step({ type: 'documentOpened', document })
      if (!isKept) this.step({ type: 'documentClosed', document })
    }
    this.#tab.seek(this.#store.isDurable)
    for (const { name, isKept } of this.documents.all) if (isKept) this.#tab.opened(name)
  }

  /** What is open goes on with another store, as another replica maybe. [D3] */
  async #leaveStore(kinship: Kinship): Promise<void> {
    const isOffline = this.#status.relay?.reason === 'workOffline'
    this.#tab.step({ type: 'leadershipLost' })
    const leavesIds = kinship === 'otherReplica' && this.#hasMetRelay
    await Promise.all(this.documents.all.map((document) => document.leaveStore(leavesIds)))
    this.#replica = this.#newReplica()
    if (isOffline) this.step({ type: 'workOfflineSet', isOn: true })
  }

  /** Does not wait for what no disk takes. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    // What is answered is about to be written down: without that it would be sent again.
    const resting = this.documents.all.filter(
      ({ isAnswered, status }) => isAnswered && status.current.phase === 'live',
    )
    for (const { name } of this.documents.all) this.step({ type: 'documentClosed', document: name })
    if (resting.length > 0) await atMostAMoment(Promise.all(resting.map(({ forgotten }) => forgotten)))
    this.#tab.step({ type: 'leadershipLost' })
    this.#isClosed = true
    this.#tab.close()
    this.#tokens?.stop()
    this.#alarm.stop()
    for (const document of this.documents.all) document.forget()
    await this.#store.close()
  }

  // Documents.

  open(name: string): OpenDocument {
    const document = this.documents.named(name)
    if (this.#store.isOpen) this.step({ type: 'documentOpened', document: name })
    this.step({ type: 'documentShown', document: name })
    this.#tab.opened(name)
    return document
  }

  /** Its machine goes on until the relay has everything. */
  closeDocument(name: string): void {
    if (!this.#tab.closed(name)) this.step({ type: 'documentClosed', document: name })
  }

  #forget(name: string): void {
    this.documents.forget(name)
    this.#tab.step({ type: 'documentClosed', document: name })
    this.#changed()
  }

  // What a person, or the browser, asks for.

  retry(): void {
    this.#tab.say({ type: 'retry' })
    this.#retry()
  }

  workOffline(isOn: boolean): void {
    this.#tab.say({ type: 'workOffline', isOn })
    this.step({ type: 'workOfflineSet', isOn })
  }

  rouse(): void {
    this.step({ type: 'roused', by: 'event' })
  }

  freeze(): void {
    this.#tab.freeze()
  }

  thaw(): void {
    if (this.#store.isDurable) this.#tab.thaw()
  }

  show(): void {
    this.#tab.step({ type: 'shown' })
  }

  #retry(): void {
    this.#store.hurry()
    this.#tokens?.hurry()
    this.step({ type: 'roused', by: 'person' })
  }

  // Inputs.

  step(input: ReplicaInput): void {
    this.#run(() => {
      for (const effect of this.#replica.step(input, Date.now())) this.#perform(effect)
      this.#socket?.flush()
    })
  }

  #tell(name: string, input: OwnInput): void {
    this.step({ type: 'document', document: name, input })
    this.#run(() => {
      const document = this.documents.find(name)
      if (input.type === 'loaded' || input.type === 'rowsRead') {
        document?.hasTold(input.head.last)
        this.#tab.sayStatusOf(document)
      } else if (input.type === 'stored' && input.filed > 0) {
        this.#store.follow(() => this.inbox.read())
      }
    })
  }

  #run(work: () => void): void {
    if (this.#isClosed) return
    this.#inputs.push(work)
    if (this.#isPerforming) return
    this.#isPerforming = true
    try {
      for (let next = this.#inputs.shift(); next !== undefined; next = this.#inputs.shift()) next()
    } finally {
      this.#isPerforming = false
    }
  }

  // The replica's effects.

  #perform(effect: ReplicaEffect): void {
    switch (effect.type) {
      case 'connect':
        return this.#connect(effect.socket)
      case 'disconnect':
        return this.#socketNumbered(effect.socket)?.close()
      case 'send':
        return this.#socketNumbered(effect.socket)?.say(effect.message)
      case 'askToken':
        if (effect.reason === 'refused') return this.#tokens?.later()
        void this.#tokens?.now()
        return undefined
      case 'makeIdentity':
        return this.#store.follow(async () => {
          const { replica, secret } = await this.#store.records.identity((before) => ({
            ...newIdentity(),
            owner: before?.owner,
          }))
          this.step({ type: 'identityMade', replica, secret })
        })
      case 'bindOwner': {
        const { tenant, subject } = effect
        return this.#store.follow(async () => {
          const owner = { tenant, subject }
          await this.#store.records.identity((before) => ({ ...(before ?? newIdentity()), owner }))
        })
      }
      case 'loadDocument':
        return this.documents.named(effect.document).load()
      case 'forgetDocument':
        return this.#forget(effect.document)
      case 'document':
        return this.documents.find(effect.document)?.perform(effect.effect)
      case 'hearPresence': {
        const { document, entries } = effect
        this.documents.find(document)?.hear(entries)
        return this.#tab.say({ type: 'presence', isOwn: false, document, entries })
      }
      case 'storeList':
        return this.#store.follow(async () => {
          const isStored = await this.#store.records.storeList(effect.documents, effect.cursor)
          if (isStored) this.step({ type: 'listStored', cursor: effect.cursor })
          else this.#tab.step({ type: 'fenced' })
        })
      case 'readDocuments':
        return this.#store.follow(async () => {
          this.step({ type: 'documentsRead', documents: await this.#store.records.documents() })
        })
      case 'storeFetched':
        return this.#store.follow(() => this.#store.records.storeFetched(effect.listed))
      case 'tellStatus':
        return this.#tellStatus(effect.status)
      case 'wakeAt':
        return this.#alarm.set(effect.time)
      default:
        return unreachable(effect)
    }
  }

  #connect(number: number): void {
    const { socketClass, url } = this.#options
    this.#socket = new RelaySocket(number, socketClass, url, {
      opened: () => {
        this.#show({ socketError: undefined })
        this.step({ type: 'connected', socket: number })
      },
      received: (messages) => this.step({ type: 'received', socket: number, messages }),
      garbled: () => this.step({ type: 'garbled', socket: number }),
      closed: (refusal) => {
        this.#show({ socketError: refusal })
        this.step({ type: 'disconnected', socket: number, random: Math.random() })
      },
    })
  }

  /** Of one that was let go nothing is wanted any more. */
  #socketNumbered(number: number): RelaySocket | undefined {
    return this.#socket?.number === number ? this.#socket : undefined
  }

  #tellStatus(relay: ReplicaStatus): void {
    if (relay.phase === 'ready') {
      this.#hasMetRelay = true
      this.#tokens?.accepted()
    }
    if (relay.phase === 'following') this.documents.forgetUnsent()
    // A tab that follows is told by the one that leads.
    this.#show({ relay: relay.phase === 'following' ? undefined : relay })
    this.#tab.sayStatus(relay)
  }

  #show(change: Partial<OwnStatus>): void {
    this.#status = { ...this.#status, ...change }
    this.#changed()
  }
}
