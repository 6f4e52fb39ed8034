// engine.ts — one tab's share of a replica: performs what the machines of shared/ ask for, and tells them what came of
// it. Knows: the Replica, the Tab, the documents, the socket, who leads. Must not know: what the machines decide, the
// records' insides, Yjs. Inputs that come while effects are performed wait until all of them are. [L1]
import { want } from '../shared/message.ts'
import type { ReplicaMessage } from '../shared/message.ts'
import type { Filing } from '../shared/replica-records.ts'
import type { OwnInput } from '../shared/replica-document-words.ts'
import { Replica } from '../shared/replica.ts'
import type { ReplicaEffect, ReplicaInput, ReplicaStatus } from '../shared/replica-words.ts'
import { StoreError } from '../shared/store.ts'
import type { Store } from '../shared/store.ts'
import { unreachable } from '../shared/unreachable.ts'
import { Alarm } from './alarm.ts'
import { Asking } from './asking.ts'
import { Inbox } from './inbox.ts'
import { OpenDocument } from './open-document.ts'
import type { DocumentHost } from './open-document.ts'
import { memoryStore } from './memory-store.ts'
import { moved } from './moving.ts'
import { newIdentity, openedStore, Records } from './records.ts'
import { atMostAMoment, patiently } from './patience.ts'
import { checkedToken } from './passed-in.ts'
import { RelaySocket } from './relay-socket.ts'
import type { SocketClass } from './relay-socket.ts'
import { SharedTab } from './shared-tab.ts'
import type { StorePlace } from './store-place.ts'
import { SynclineError } from './syncline-error.ts'

/** Beyond this an application that was asked for a token is asked again. */
const tokenMsMax = 30_000

export type AskToken = () => Promise<string>

export type EngineOptions = {
  readonly url: string
  readonly token: AskToken | undefined
  readonly place: StorePlace
  readonly socketClass: SocketClass
  readonly wholeWorkspace: boolean
}

export type EngineStatus = {
  /** Of this tab, or of the one that talks to the relay. */
  readonly relay: ReplicaStatus | undefined
  readonly keeps: 'opening' | 'disk' | 'memory'
  /** Why the store refuses, or why there is none, in its own words. */
  readonly storeError: string | undefined
  /** The store is of somebody else than who signed in while it did not open: it is done without. [S1] */
  readonly isOtherSubjects: boolean
  readonly tokenError: string | undefined
  /** Why no socket can even be tried, in the platform's words. */
  readonly socketError: string | undefined
  readonly isPersistent: boolean | undefined
}

/** A store that refuses so often, or does not even answer for so long, is done without until it opens. */
const triesMax = 3
const storeMsMax = 10_000

export class Engine {
  readonly inbox: Inbox
  readonly #options: EngineOptions
  readonly #changed: () => void
  readonly #opening: Asking<Store>
  readonly #late = new Alarm(() =>
    this.#goWithout('The store of this device does not open. It may take a while.'),
  )
  #replica: Replica
  readonly #alarm = new Alarm(() => this.step({ type: 'woken' }))
  readonly #tokens: Asking<string> | undefined
  readonly #tab: SharedTab
  readonly #documents = new Map<string, OpenDocument>()
  readonly #documentHost: DocumentHost
  readonly #inputs: (() => void)[] = []
  #isPerforming = false
  #records: Records | undefined
  #isDurable: boolean
  /** In memory, as long as the store does not open. */
  #isStandIn = false
  #hasMetRelay = false
  #socket: { readonly number: number; readonly line: RelaySocket } | undefined
  #toSend: ReplicaMessage[] = []
  #isClosed = false
  #status: EngineStatus = {
    relay: undefined,
    keeps: 'opening',
    storeError: undefined,
    isOtherSubjects: false,
    tokenError: undefined,
    socketError: undefined,
    isPersistent: undefined,
  }

  constructor(options: EngineOptions, changed: () => void) {
    this.#options = options
    this.#changed = changed
    this.#isDurable = options.place.isDurable
    this.#replica = this.#newReplica()
    this.#opening = new Asking(
      () => openedStore(options.place),
      (store) => void this.#storeOpened(store),
      (error, failures) => {
        if (!(error instanceof StoreError)) throw error
        // One that refuses for a moment is waited for.
        if (failures >= triesMax || this.#isStandIn) this.#goWithout(error.message)
      },
    )
    this.inbox = new Inbox(
      () => this.records,
      ({ document }) => this.#tell(document, { type: 'discarded' }),
    )
    this.inbox.filings.subscribe(() => {
      for (const document of this.#documents.values()) document.showStatus()
      this.#changed()
    })
    const { token: askToken } = options
    // A relay without accounts takes any token, also none: where that is refused there is no other.
    this.#tokens =
      askToken &&
      new Asking(
        async () => checkedToken(await askToken()),
        (token) => {
          this.#show({ tokenError: undefined })
          this.step({ type: 'tokenGiven', token })
        },
        (error) => this.#show({ tokenError: wordsOf(error) }),
        tokenMsMax,
      )
    this.#tab = new SharedTab(options.place.sharedName, {
      records: () => this.records,
      document: (name) => this.#documents.get(name),
      relay: () => this.#status.relay,
      leaderSaid: (relay) => {
        // A tab that was opened later has not heard it, and may be the last that knows.
        const isOn = relay.reason === 'workOffline'
        if (isOn || relay.phase === 'ready') this.step({ type: 'workOfflineSet', isOn })
        this.#show({ relay })
      },
      inboxChanged: () => this.#follow(() => this.inbox.read()),
      settled: () => atMostAMoment(Promise.all(this.documents.map(({ loaded }) => loaded))),
      retried: () => this.#retry(),
      step: (input) => this.step(input),
      tell: (document, input) => this.#tell(document, input),
      run: (work) => this.#run(work),
      follow: (work) => this.#follow(work),
    })
    let { askToKeep } = options.place
    this.#documentHost = {
      records: () => this.records,
      isDurable: () => this.#isDurable,
      leads: () => this.#tab.leads,
      filed: (document) => this.inbox.countOf(document),
      readInbox: () => this.inbox.read(),
      tell: (document, input) => this.#tell(document, input),
      tellTab: (input) => this.#tab.step(input),
      sayPresence: (document, entries) => this.#tab.sayPresence(document, entries),
      storeSaid: (error) => {
        // That memory takes something says nothing of the disk.
        if (!this.#isStandIn) this.#show({ storeError: error?.message })
      },
      kept: () => {
        // Once there is something to keep. A browser that does not even answer promises nothing.
        askToKeep?.().then(
          (isPersistent) => this.#show({ isPersistent }),
          () => this.#show({ isPersistent: false }),
        )
        askToKeep = undefined
      },
      statusChanged: (document) => this.#documentChanged(document),
    }
  }

  get status(): EngineStatus {
    return this.#status
  }

  get role(): SharedTab['role'] {
    return this.#tab.role
  }

  get documents(): readonly OpenDocument[] {
    return [...this.#documents.values()]
  }

  get records(): Records {
    if (this.#records === undefined) throw new Error('The store is not open yet.')
    return this.#records
  }

  start(): void {
    this.#late.set(Date.now() + storeMsMax)
    void this.#opening.now()
  }

  /** As long as it takes: nothing that is done in memory is lost when it opens. */
  #goWithout(why: string): void {
    this.#late.stop()
    this.#show({ storeError: why })
    if (this.#isStandIn) return
    this.#isStandIn = true
    this.#begin(new Records(memoryStore()))
  }

  #storeOpened(store: Store): Promise<void> | undefined {
    this.#late.stop()
    const records = new Records(store)
    if (this.#isClosed) return records.close()
    return this.#isStandIn ? this.#moveTo(records) : this.#begin(records)
  }

  #newReplica(): Replica {
    return new Replica({
      random: Math.random(),
      trace: '',
      followsWorkspace: this.#options.wholeWorkspace,
      wants: want.write + want.presence,
    })
  }

  /** `standIn`: the memory that was there before this store. */
  #begin(records: Records, standIn?: Records): undefined {
    this.#records = records
    this.#isDurable = this.#options.place.isDurable && !this.#isStandIn
    this.#follow(async () => {
      if (standIn !== undefined) await records.takeInbox(standIn)
      await this.inbox.read()
      if (this.#isClosed) return
      this.#show({ keeps: this.#isDurable ? 'disk' : 'memory' })
      if (!this.#isStandIn) this.#show({ storeError: undefined })
      if (this.#tokens === undefined) this.step({ type: 'tokenGiven', token: '' })
      for (const { name: document, isKept } of this.documents) {
        this.step({ type: 'documentOpened', document })
        if (!isKept) this.step({ type: 'documentClosed', document })
      }
      this.#tab.seek(!this.#isStandIn && this.#isDurable)
      for (const { name, isKept } of this.documents) if (isKept) this.#tab.opened(name)
    })
  }

  /** The disk takes over from the memory that stood in for it, and the tab is one of those that share it. [D3] */
  async #moveTo(disk: Records): Promise<void> {
    const memory = this.records
    const kinship = await moved(memory, disk, {
      mayLeave: (kin) => kin === 'sameReplica' || !this.#hasMetRelay || this.documents.every(isAnswered),
      isWanted: () => !this.#isClosed,
      storeSaid: (error) => this.#show({ storeError: error?.message }),
    })
    if (kinship === 'otherSubject')
      this.#show({ isOtherSubjects: true, storeError: 'The store of this device is of another person.' })
    if (kinship === undefined || kinship === 'otherSubject') return disk.close()
    const isOffline = this.#status.relay?.reason === 'workOffline'
    this.#tab.step({ type: 'leadershipLost' })
    const leavesIds = kinship === 'otherReplica' && this.#hasMetRelay
    await Promise.all(this.documents.map((document) => document.leaveStore(leavesIds)))
    if (this.#isClosed) return disk.close()
    this.#replica = this.#newReplica()
    if (isOffline) this.step({ type: 'workOfflineSet', isOn: true })
    this.#isStandIn = false
    return this.#begin(disk, memory)
  }

  /** Does not wait for what no disk takes. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    // What is answered is about to be written down: without that it would be sent again.
    const resting = this.documents.filter(
      (document) => isAnswered(document) && document.status.current.phase === 'live',
    )
    for (const document of this.#documents.keys()) this.step({ type: 'documentClosed', document })
    if (resting.length > 0) await atMostAMoment(Promise.all(resting.map(({ forgotten }) => forgotten)))
    this.#tab.step({ type: 'leadershipLost' })
    this.#isClosed = true
    this.#opening.stop()
    this.#late.stop()
    this.#tab.close()
    this.#tokens?.stop()
    this.#alarm.stop()
    for (const document of this.#documents.values()) document.forget()
    await this.#records?.close()
  }

  // Documents.

  open(name: string): OpenDocument {
    const document = this.#documentNamed(name)
    if (this.#records !== undefined) this.step({ type: 'documentOpened', document: name })
    this.step({ type: 'documentShown', document: name })
    this.#tab.opened(name)
    return document
  }

  /** Its machine goes on until the relay has everything. */
  closeDocument(name: string): void {
    if (!this.#tab.closed(name)) this.step({ type: 'documentClosed', document: name })
  }

  #documentNamed(name: string): OpenDocument {
    const known = this.#documents.get(name)
    if (known !== undefined) return known
    const document = new OpenDocument(name, this.#documentHost)
    this.#documents.set(name, document)
    return document
  }

  #forget(name: string): void {
    this.#documents.get(name)?.forget()
    this.#documents.delete(name)
    this.#tab.step({ type: 'documentClosed', document: name })
    this.#changed()
  }

  #documentChanged(document: OpenDocument): void {
    this.#tab.sayStatusOf(document)
    this.#changed()
  }

  // What a person, or the browser, asks for.

  async discard(filing: Filing): Promise<void> {
    await this.inbox.discard(filing)
    this.#tab.say({ type: 'inboxChanged' })
  }

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
    if (this.#records !== undefined && this.#isDurable) this.#tab.thaw()
  }

  show(): void {
    this.#tab.step({ type: 'shown' })
  }

  #retry(): void {
    this.#opening.hurry()
    this.#tokens?.hurry()
    this.step({ type: 'roused', by: 'person' })
  }

  // Inputs.

  step(input: ReplicaInput): void {
    this.#run(() => {
      for (const effect of this.#replica.step(input, Date.now())) this.#perform(effect)
      const messages = this.#toSend.splice(0)
      if (messages.length > 0) this.#socket?.line.send(messages)
    })
  }

  #tell(name: string, input: OwnInput): void {
    this.step({ type: 'document', document: name, input })
    this.#run(() => {
      const document = this.#documents.get(name)
      if (input.type === 'loaded' || input.type === 'rowsRead') {
        document?.hasTold(input.head.last)
        this.#tab.sayStatusOf(document)
      } else if (input.type === 'stored' && input.filed > 0) {
        this.#tab.say({ type: 'inboxChanged' })
        this.#follow(() => this.inbox.read())
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
        if (this.#socket?.number === effect.socket) this.#socket.line.close()
        return undefined
      case 'send':
        if (this.#socket?.number === effect.socket) this.#toSend.push(effect.message)
        return undefined
      case 'askToken':
        if (effect.reason === 'refused') return this.#tokens?.later()
        void this.#tokens?.now()
        return undefined
      case 'makeIdentity':
        return this.#follow(async () => {
          const { replica, secret } = await this.records.identity((before) => ({
            ...newIdentity(),
            owner: before?.owner,
          }))
          this.step({ type: 'identityMade', replica, secret })
        })
      case 'bindOwner': {
        const { tenant, subject } = effect
        return this.#follow(async () => {
          const owner = { tenant, subject }
          await this.records.identity((before) => ({ ...(before ?? newIdentity()), owner }))
        })
      }
      case 'loadDocument':
        return this.#documentNamed(effect.document).load()
      case 'forgetDocument':
        return this.#forget(effect.document)
      case 'document':
        return this.#documents.get(effect.document)?.perform(effect.effect)
      case 'hearPresence': {
        const { document, entries } = effect
        this.#documents.get(document)?.hear(entries)
        return this.#tab.say({ type: 'presence', isOwn: false, document, entries })
      }
      case 'storeList':
        return this.#follow(async () => {
          const isStored = await this.records.storeList(effect.documents, effect.cursor)
          if (isStored) this.step({ type: 'listStored', cursor: effect.cursor })
          else this.#tab.step({ type: 'fenced' })
        })
      case 'readDocuments':
        return this.#follow(async () => {
          this.step({ type: 'documentsRead', documents: await this.records.documents() })
        })
      case 'storeFetched':
        return this.#follow(() => this.records.storeFetched(effect.listed))
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
    const line = new RelaySocket(socketClass, url, {
      opened: () => this.step({ type: 'connected', socket: number }),
      received: (message) => this.step({ type: 'received', socket: number, message }),
      garbled: () => this.step({ type: 'garbled', socket: number }),
      closed: (refusal) => {
        this.#show({ socketError: refusal })
        this.step({ type: 'disconnected', socket: number, random: Math.random() })
      },
    })
    this.#socket = { number, line }
  }

  #tellStatus(relay: ReplicaStatus): void {
    if (relay.phase === 'ready') {
      this.#hasMetRelay = true
      this.#tokens?.accepted()
    }
    // A tab that follows is told by the one that leads.
    this.#show({ relay: relay.phase === 'following' ? undefined : relay })
    this.#tab.sayStatus(relay)
  }

  // Going on.

  #show(change: Partial<EngineStatus>): void {
    this.#status = { ...this.#status, ...change }
    this.#changed()
  }

  /** Reads and writes that concern the device. */
  #follow(work: () => Promise<void>): void {
    void patiently(work, () => !this.#isClosed, this.#documentHost.storeSaid)
  }
}

function wordsOf(error: unknown): string {
  return error instanceof SynclineError ? `${error.code}: ${error.message}` : String(error)
}

function isAnswered({ status: { current } }: OpenDocument): boolean {
  return current.inMemory === 0 && current.pending === 0
}
