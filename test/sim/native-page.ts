// native-page.ts — one page of a tab, from its opening to its end: the machines of shared/tabs.ts and shared/replica.ts,
// a real Y.Doc, the store that it shares with the device's other pages. Knows: how effects are performed, how a page
// freezes. Must not know: what the machines decide. What it planned when it died does not happen.
import * as Y from 'yjs'
import { digestOf } from '../../shared/document-digest.ts'
import { want } from '../../shared/message.ts'
import type { OwnInput } from '../../shared/replica-document-words.ts'
import { rowKind } from '../../shared/replica-records.ts'
import type { Identity } from '../../shared/replica-records.ts'
import type { DocumentStatus } from '../../shared/replica-status.ts'
import { Replica as ReplicaMachine } from '../../shared/replica.ts'
import type { ReplicaEffect, ReplicaInput, ShellDocumentEffect } from '../../shared/replica-words.ts'
import { StoreError } from '../../shared/store.ts'
import { Tab as TabMachine } from '../../shared/tabs.ts'
import type { TabEffect, TabInput } from '../../shared/tabs.ts'
import type { NativeDevice } from './native-device.ts'
import { NativeDoc } from './native-doc.ts'
import { NativeLine } from './native-line.ts'
import { NativeRecords } from './native-records.ts'
import type { Tried, Written } from './native-records.ts'
import { stateOf } from './presence-watch.ts'
import type { Listener } from './tab-channel.ts'
import type { LockRequest } from './tab-lock.ts'
import type { Cancel, World } from './world.ts'

/** What the pages of a device say to each other. */
export type PageWord =
  | { readonly type: 'hint'; readonly document: string; readonly last: number; readonly generation: number }
  | { readonly type: 'callRoll' }
  | { readonly type: 'answerRoll'; readonly documents: readonly string[] }

export type PageEars = {
  readonly wrote: (update: Uint8Array) => void
  readonly statusTold: (status: DocumentStatus) => void
}

const claimAgainMs = 300
const readMsMax = 8
/** Batches between two looks at whether a fold is worth while. */
const foldsEach = 8

export class NativePage implements Listener<PageWord> {
  readonly name: string
  readonly #world: World
  readonly #device: NativeDevice
  readonly #ears: PageEars
  readonly #store
  readonly #records: NativeRecords
  readonly #replica: ReplicaMachine
  readonly #tab = new TabMachine()
  readonly #doc: NativeDoc
  readonly #lock: LockRequest
  readonly #tried = new Map<number, Tried>()
  #isDead = false
  #isFrozen = false
  #missed: (() => void)[] = []
  #line: NativeLine | undefined
  #wake: Cancel | undefined
  #tabWake: Cancel | undefined
  #isLoaded = false
  /** Effects on the Y.Doc wait for what has to be read before them. */
  #effects: Promise<void> = Promise.resolve()
  /** A document is not read while a write of it is on its way. */
  #write: Promise<unknown> = Promise.resolve()
  #writes = 0
  status: DocumentStatus | undefined

  constructor(world: World, device: NativeDevice, name: string, ears: PageEars) {
    this.#world = world
    this.#device = device
    this.name = name
    this.#ears = ears
    this.#store = device.disk.openTab()
    this.#records = new NativeRecords(this.#store, device.document)
    this.#replica = new ReplicaMachine({
      random: world.random(),
      trace: name,
      followsWorkspace: false,
      wants: want.write + want.presence,
    })
    this.#doc = new NativeDoc(
      () => device.newClientId(),
      ({ update, made, isDerived }) => {
        if (!isDerived) ears.wrote(update)
        this.#tell({ type: isDerived ? 'derived' : 'edited', update, made })
      },
    )
    this.#lock = { granted: () => this.#whenAwake(() => this.#stepTab({ type: 'leadershipWon' })) }
  }

  get doc(): Y.Doc | undefined {
    return this.#isFrozen ? undefined : this.#doc.current
  }

  get shown(): Y.Doc | undefined {
    return this.#doc.current
  }

  get leads(): boolean {
    return this.#tab.leading.is === 'leading'
  }

  begin(): void {
    this.#device.channel.join(this)
    this.#step({ type: 'documentOpened', document: this.#device.document })
    this.#device.lock.request(this.#lock)
  }

  die(): void {
    this.#isDead = true
    this.#wake?.()
    this.#tabWake?.()
    this.#line?.close()
    this.#device.channel.leave(this)
    this.#device.lock.release(this.#lock)
    this.#device.disk.loseTab(this.#store)
  }

  freeze(): void {
    this.#isFrozen = true
    if (this.#world.isOneIn(2)) this.#device.lock.takeFrom(this.#lock)
  }

  thaw(): void {
    if (!this.#isFrozen) return
    this.#isFrozen = false
    const missed = this.#missed
    this.#missed = []
    for (const one of missed) one()
    this.#stepTab({ type: 'thawed' })
  }

  /** Only the page that talks can; the word of another would have to go through it. */
  sayPresent(clock: number): void {
    const client = this.#doc.current?.clientID
    if (this.#isFrozen || client === undefined || !this.leads || this.status?.phase !== 'live') return
    const entries = [{ client, clock, state: stateOf(this.#device.name) }]
    this.#step({ type: 'presenceSaid', document: this.#device.document, entries })
  }

  workOffline(isOn: boolean): void {
    this.#whenAwake(() => this.#step({ type: 'workOfflineSet', isOn }))
  }

  rouse(by: 'person' | 'event'): void {
    this.#whenAwake(() => this.#step({ type: 'roused', by }))
  }

  // Machines.

  #step(input: ReplicaInput): void {
    if (this.#isDead) return
    for (const effect of this.#replica.step(input, this.#device.clock.now)) {
      // What needs no document is performed at once; what is for the Y.Doc waits until it is made.
      if (effect.type === 'document') this.#performForDocument(effect.effect)
      else this.#perform(effect)
    }
  }

  #stepTab(input: TabInput): void {
    if (this.#isDead) return
    for (const effect of this.#tab.step(input, this.#device.clock.now)) this.#performForTab(effect)
  }

  #tell(input: OwnInput): void {
    this.#whenAwake(() => this.#step({ type: 'document', document: this.#device.document, input }))
  }

  #perform(effect: ReplicaEffect): void {
    switch (effect.type) {
      case 'connect':
        this.#line = this.#device.connect(this.name, effect.socket, {
          whenAwake: (act) => this.#whenAwake(act),
          tell: (input) => this.#step(input),
        })
        return undefined
      case 'disconnect':
        if (this.#line?.number === effect.socket) this.#line.closeAndTell()
        return undefined
      case 'send':
        if (this.#line?.number !== effect.socket) return undefined
        this.#device.sends(effect.message)
        return this.#line.send(effect.message)
      case 'askToken':
        this.#world.after(this.#world.chance.between(1, 200), `${this.name} has a token`, () =>
          this.#whenAwake(() => this.#step({ type: 'tokenGiven', token: this.#device.token() })),
        )
        return undefined
      case 'makeIdentity':
        throw new Error(`${this.name} has to be another replica.`)
      case 'loadDocument':
        return this.#follow(this.#load())
      case 'wakeAt':
        this.#wake?.()
        this.#wake = this.#device.clock.at(effect.time, `${this.name} wakes`, () =>
          this.#whenAwake(() => this.#step({ type: 'woken' })),
        )
        return undefined
      case 'hearPresence':
        return this.#device.present.heard(effect.entries)
      case 'bindOwner':
      case 'forgetDocument':
      case 'storeList':
      case 'readDocuments':
      case 'storeFetched':
      case 'tellStatus':
      case 'document':
        return undefined
    }
  }

  // Several pages.

  isDeaf(): boolean {
    return this.#isFrozen || this.#isDead
  }

  hear(word: PageWord): void {
    if (word.type === 'hint') this.#stepTab({ ...word, type: 'hinted' })
    else if (word.type === 'callRoll') this.#stepTab({ type: 'rollCalled' })
    else if (this.leads)
      for (const document of word.documents) this.#step({ type: 'documentOpened', document })
  }

  #performForTab(effect: TabEffect): void {
    switch (effect.type) {
      case 'readRows':
        return this.#follow(this.#readRows(effect.document, effect.after))
      case 'tellRows': {
        const { rows, head } = effect
        return this.#tell({ type: 'rowsRead', rows, head })
      }
      case 'hint':
      case 'answerRoll':
      case 'callRoll':
        return this.#device.channel.say(effect, this)
      case 'claimTerm':
        return this.#follow(this.#claimTerm())
      case 'lead':
        return this.#follow(this.#lead())
      case 'stepDown':
        this.#records.stepDown()
        return this.#step({ type: 'steppedDown' })
      case 'releaseLock':
        this.#device.lock.release(this.#lock)
        this.#device.lock.request(this.#lock)
        return undefined
      case 'wakeAt':
        this.#tabWake?.()
        this.#tabWake = this.#device.clock.at(effect.time, `${this.name} reads again`, () =>
          this.#whenAwake(() => this.#stepTab({ type: 'woken' })),
        )
        return undefined
    }
  }

  async #claimTerm(): Promise<void> {
    try {
      const term = await this.#records.claimTerm()
      this.#whenAwake(() =>
        this.#stepTab(term === undefined ? { type: 'claimFailed' } : { type: 'termClaimed', term }),
      )
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      this.#world.after(claimAgainMs, `${this.name} claims again`, () =>
        this.#whenAwake(() => this.#stepTab({ type: 'claimFailed' })),
      )
    }
  }

  async #lead(): Promise<void> {
    const identity = await this.#identity()
    this.#whenAwake(() => {
      if (!this.leads) return
      this.#step({ type: 'led', ...identity, unsent: [], toFetch: [], workspaceCursor: new Uint8Array() })
    })
  }

  async #identity(): Promise<Identity> {
    const known = await this.#records.identity()
    if (known !== undefined) return known
    const made = { replica: this.#world.id(16), secret: this.#world.id(32), owner: undefined }
    try {
      return await this.#records.keepIdentity(made)
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      await this.#pause(claimAgainMs)
      return this.#identity()
    }
  }

  async #readRows(document: string, after: number): Promise<void> {
    await this.#pause(this.#world.chance.between(1, readMsMax))
    const { rows, head } = await this.#records.rowsAfter(after)
    this.#stepTab({ type: 'rowsRead', document, after, rows, head })
  }

  // The document.

  async #load(): Promise<void> {
    await this.#pause(this.#world.chance.between(1, readMsMax))
    for (let write: unknown; write !== this.#write;) {
      write = this.#write
      await write
    }
    const { head, place, rows, filings } = await this.#records.load()
    if (!this.#isLoaded) {
      this.#isLoaded = true
      this.#doc.make({ epoch: head.epoch, generation: head.generation }, rows.map(updateOf))
      this.#stepTab({ type: 'documentLoaded', document: this.#device.document, head })
    }
    const pending = rows
      .filter(({ row }) => row.kind === rowKind.pending)
      .map(({ sequence, row }) => ({ sequence, counter: row.counter, kind: row.entry, update: row.update }))
    this.#tell({ type: 'loaded', leads: this.leads, head, place, pending, filed: filings.length })
  }

  #performForDocument(effect: ShellDocumentEffect): void {
    if (effect.type === 'tellStatus') {
      this.status = effect.status
      return this.#ears.statusTold(effect.status)
    }
    if (effect.type === 'write') {
      const { ticket, changes } = effect
      const written = this.#records.write(changes, (tried) => this.#tried.set(ticket, tried))
      this.#write = written
      return this.#follow(written.then((outcome) => this.#tellWritten(ticket, outcome)))
    }
    this.#effects = this.#effects.then(() => this.#performForDoc(effect))
    return this.#follow(this.#effects)
  }

  async #performForDoc(
    effect: Exclude<ShellDocumentEffect, { type: 'write' | 'tellStatus' }>,
  ): Promise<void> {
    const { request } = 'request' in effect ? effect : { request: 0 }
    switch (effect.type) {
      case 'applyToDoc':
        return this.#doc.apply(effect.updates)
      case 'rebuildDoc': {
        await this.#pause(this.#world.chance.between(1, readMsMax))
        return this.#doc.make(effect.made, (await this.#records.rows()).map(updateOf))
      }
      case 'settle': {
        const tried = this.#tried.get(effect.ticket)
        if (tried === undefined) throw new Error('What was never tried is to be settled.')
        const settled = this.#records.settle(tried)
        this.#write = settled
        return this.#follow(settled.then((written) => this.#tellWritten(effect.ticket, written)))
      }
      case 'makeStateVector':
        return this.#tell({
          type: 'stateVectorMade',
          request,
          stateVector: Y.encodeStateVector(await this.#records.confirmed()),
        })
      case 'makeDifference': {
        const update = Y.encodeStateAsUpdate(await this.#records.confirmed(), effect.stateVector)
        return this.#tell({ type: 'differenceMade', request, update })
      }
      case 'makeDigest':
        return this.#tell({ type: 'digestMade', request, digest: digestOf(await this.#records.confirmed()) })
    }
  }

  #tellWritten(ticket: number, written: Written): void {
    if (written.is === 'fenced') return this.#whenAwake(() => this.#stepTab({ type: 'fenced' }))
    if (written.is === 'failed') return this.#tell({ type: 'storeFailed', ticket, outcome: written.outcome })
    const { plan, after } = written
    this.#tried.delete(ticket)
    const { sequences, filed, head } = plan
    this.#whenAwake(() => this.#stepTab({ type: 'committed', document: this.#device.document, after, head }))
    this.#tell({ type: 'stored', ticket, sequences, filed, head })
    this.#writes += 1
    if (this.leads && this.#writes % foldsEach === 0) this.#follow(this.#fold())
    return undefined
  }

  async #fold(): Promise<void> {
    if (await this.#records.fold()) this.#device.counts.folds += 1
  }

  // Time.

  #whenAwake(act: () => void): void {
    if (this.#isDead) return
    if (this.#isFrozen) this.#missed.push(() => this.#whenAwake(act))
    else act()
  }

  /** Never ends where the page does not live on. */
  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#world.after(ms, `${this.name} has read`, () => this.#whenAwake(resolve))
    })
  }

  /** What a promise lets fall is the world's to hear of, unless its page is gone. */
  #follow(work: Promise<void>): void {
    work.catch((error: unknown) => {
      if (!this.#isDead) this.#world.fail(error)
    })
  }
}

function updateOf({ row }: { readonly row: { readonly update: Uint8Array } }): Uint8Array {
  return row.update
}
