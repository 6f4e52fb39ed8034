// host-device.ts — a device beside the relay's host: the machines of a replica with Y.Docs and a store that is a map, on
// a socket without a network. Knows: how their effects are performed. Must not know: what they ought to do.
import * as Y from 'yjs'
import type { HostConnection } from '../server/host-connection.ts'
import { digestOf } from '../shared/document-digest.ts'
import { want } from '../shared/message.ts'
import type { Message } from '../shared/message.ts'
import type { Made } from '../shared/replica-batches.ts'
import type { OwnInput } from '../shared/replica-document-words.ts'
import * as keys from '../shared/replica-keys.ts'
import * as records from '../shared/replica-records.ts'
import type { DocumentStatus } from '../shared/replica-status.ts'
import type { ReplicaEffect, ReplicaInput, ShellDocumentEffect } from '../shared/replica-words.ts'
import { changedBatch, claimBatch, fetchedBatch } from '../shared/replica-workspace.ts'
import { Replica } from '../shared/replica.ts'
import { decodeFrame, encodeMessage } from '../shared/wire.ts'
import type { TestRelay } from './host-peers.ts'
import { MapStore, tagOf } from './shared/replica-story.ts'

type Shown = { readonly doc: Y.Doc; readonly made: Made }

const term = 1

export class HostDevice {
  readonly store = new MapStore()
  readonly sent: Message[] = []
  readonly heard: Message[] = []
  readonly status = new Map<string, DocumentStatus>()
  token: string
  #relay: TestRelay
  readonly #replica: Replica
  readonly #identity: { readonly replica: Uint8Array; readonly secret: Uint8Array }
  readonly #docs = new Map<string, Shown>()
  readonly #opened = new Set<string>()
  readonly #inputs: ReplicaInput[] = []
  #connection: { readonly number: number; readonly host: HostConnection } | undefined
  #isRunning = false

  constructor(relay: TestRelay, name: number, { followsWorkspace = false, token = '3' } = {}) {
    this.#relay = relay
    this.#identity = { replica: new Uint8Array(16).fill(name), secret: new Uint8Array(32).fill(name) }
    this.token = token
    this.#replica = new Replica({ random: name / 256, trace: '', followsWorkspace, wants: want.write })
    this.store.write(claimBatch(0))
    this.tell({ type: 'workOfflineSet', isOn: true })
    this.tell({
      type: 'led',
      ...this.#identity,
      owner: undefined,
      unsent: [],
      toFetch: [],
      workspaceCursor: new Uint8Array(),
    })
  }

  /** The same device, where another relay answers from now on. */
  movedTo(relay: TestRelay): this {
    relay.now = this.#relay.now
    this.#relay = relay
    return this
  }

  /** Online until nothing more happens. */
  async goOnline(): Promise<void> {
    this.tell({ type: 'workOfflineSet', isOn: false })
    this.tell({ type: 'tokenGiven', token: this.token })
    await this.settle()
  }

  goOffline(): void {
    this.tell({ type: 'workOfflineSet', isOn: true })
  }

  async settle(): Promise<void> {
    for (let round = 0; round < 6; round++) await this.#relay.write()
  }

  async wait(ms: number): Promise<void> {
    this.#relay.now += ms
    this.#relay.host.woke()
    this.tell({ type: 'woken' })
    await this.settle()
  }

  open(document: string): void {
    this.#opened.add(document)
    this.tell({ type: 'documentOpened', document })
  }

  close(document: string): void {
    this.#opened.delete(document)
    this.#docs.delete(document)
    this.tell({ type: 'documentClosed', document })
  }

  write(document: string, words: string): void {
    const text = this.#docs.get(document)!.doc.getText('text')
    text.insert(text.length, words)
  }

  textOf(document: string): string {
    return this.#docs.get(document)!.doc.getText('text').toString()
  }

  /** What the disk holds of a document, shown or not. */
  storedTextOf(document: string): string {
    return this.#docOf(document, () => true)
      .getText('text')
      .toString()
  }

  /** Documents that the store has a place for. */
  get held(): string[] {
    return this.#held().map(({ document }) => document)
  }

  get inbox(): { document: string; code: number; text: string }[] {
    return this.store.inbox().map(({ document, code, update }) => {
      const doc = new Y.Doc()
      Y.applyUpdate(doc, update)
      return { document, code, text: doc.getText('text').toString() }
    })
  }

  get toFetch(): string[] {
    return this.store.range(keys.fetchRange).map(({ value }) => records.decodeToFetch(value).document)
  }

  get workspaceCursor(): Uint8Array | undefined {
    return this.store.get(keys.workspaceKey)
  }

  tell(input: ReplicaInput): void {
    this.#inputs.push(input)
    if (this.#isRunning) return
    this.#isRunning = true
    for (let next = this.#inputs.shift(); next !== undefined; next = this.#inputs.shift()) {
      for (const effect of this.#replica.step(next, this.#relay.now)) this.#perform(effect)
    }
    this.#isRunning = false
  }

  #perform(effect: ReplicaEffect): void {
    switch (effect.type) {
      case 'connect':
        return this.#connect(effect.socket)
      case 'disconnect':
        if (this.#connection?.number === effect.socket) this.#connection.host.lost()
        this.#connection = undefined
        return this.tell({ type: 'disconnected', socket: effect.socket, random: 0 })
      case 'send':
        this.sent.push(effect.message)
        return this.#connection?.host.received(encodeMessage(effect.message))
      case 'askToken':
        return this.tell({ type: 'tokenGiven', token: this.token })
      case 'loadDocument':
        return this.#load(effect.document)
      case 'document':
        return this.#performFor(effect.document, effect.effect)
      case 'storeList': {
        const { documents, cursor } = effect
        const tagged = documents.map((wanted) => Object.assign({ tag: tagOf(wanted.document) }, wanted))
        this.store.write(changedBatch(term, tagged, cursor))
        return this.tell({ type: 'listStored', cursor })
      }
      case 'storeFetched':
        this.store.write(fetchedBatch(term, tagOf(effect.listed.document), effect.listed))
        return undefined
      case 'readDocuments':
        return this.tell({ type: 'documentsRead', documents: this.#held() })
      case 'bindOwner':
      case 'forgetDocument':
      case 'hearPresence':
      case 'makeIdentity':
      case 'tellStatus':
      case 'wakeAt':
        return undefined
    }
  }

  #connect(number: number): void {
    const host = this.#relay.host.connectNative({
      send: (frames) => {
        for (const messages of frames.map(decodeFrame)) {
          this.heard.push(...messages)
          this.tell({ type: 'received', socket: number, messages })
        }
      },
      end: () => this.tell({ type: 'disconnected', socket: number, random: 0 }),
      hold: () => undefined,
    })
    this.#connection = { number, host }
    this.tell({ type: 'connected', socket: number })
  }

  #load(document: string): void {
    const tag = tagOf(document)
    const head = this.store.head(tag) ?? records.newHead
    const place = this.store.place(tag) ?? records.newPlace(document)
    const rows = this.store.rows(tag)
    const pending = rows
      .filter(({ row }) => row.kind === records.rowKind.pending)
      .map(({ sequence, row }) => ({ sequence, counter: row.counter, kind: row.entry, update: row.update }))
    const isShown = this.#opened.has(document) && !this.#docs.has(document)
    if (isShown) this.#show(document, { epoch: head.epoch, generation: head.generation })
    this.#own(document, { type: 'loaded', leads: true, head, place, pending, filed: 0 })
  }

  #own(document: string, input: OwnInput): void {
    this.tell({ type: 'document', document, input })
  }

  #show(document: string, made: Made): void {
    const doc = this.#docOf(document, () => true)
    doc.on('update', (update: Uint8Array) => {
      if (this.#docs.get(document)?.doc !== doc) return
      this.#own(document, { type: 'edited', update, made })
    })
    this.#docs.set(document, { doc, made })
  }

  #docOf(document: string, isMeant: (kind: number) => boolean): Y.Doc {
    const doc = new Y.Doc()
    for (const { row } of this.store.rows(tagOf(document)))
      if (isMeant(row.kind)) Y.applyUpdate(doc, row.update)
    return doc
  }

  #confirmed(document: string): Y.Doc {
    const { confirmed, snapshot } = records.rowKind
    return this.#docOf(document, (kind) => kind === confirmed || kind === snapshot)
  }

  #performFor(document: string, effect: ShellDocumentEffect): void {
    switch (effect.type) {
      case 'write': {
        const plan = this.store.plan(effect.changes, document, tagOf(document), term)
        if (this.store.write(plan.batch) === 'stale') throw new Error('A device has one tab here.')
        const { sequences, filed, head } = plan
        return this.#own(document, { type: 'stored', ticket: effect.ticket, sequences, filed, head })
      }
      case 'applyToDoc': {
        const shown = this.#docs.get(document)
        // What comes of it for Yjs itself is no concern here.
        this.#docs.delete(document)
        for (const update of effect.updates) if (shown !== undefined) Y.applyUpdate(shown.doc, update)
        if (shown !== undefined) this.#docs.set(document, shown)
        return undefined
      }
      case 'rebuildDoc':
        if (this.#opened.has(document)) this.#show(document, effect.made)
        return undefined
      case 'makeStateVector': {
        const stateVector = Y.encodeStateVector(this.#confirmed(document))
        return this.#own(document, { type: 'stateVectorMade', request: effect.request, stateVector })
      }
      case 'makeDifference': {
        const update = Y.encodeStateAsUpdate(this.#confirmed(document), effect.stateVector)
        return this.#own(document, { type: 'differenceMade', request: effect.request, update })
      }
      case 'makeDigest': {
        const digest = digestOf(this.#confirmed(document))
        return this.#own(document, { type: 'digestMade', request: effect.request, digest })
      }
      case 'tellStatus':
        this.status.set(document, effect.status)
        return undefined
      case 'settle':
        throw new Error('This store always knows.')
    }
  }

  #held(): { document: string; epoch: Uint8Array }[] {
    const held = new Map<string, { document: string; epoch: Uint8Array }>()
    for (const { key } of this.store.range(keys.documentsRange)) {
      const tag = keys.tagOfKey(key)
      const place = this.store.place(tag)
      const head = this.store.head(tag)
      if (place !== undefined && head !== undefined)
        held.set(place.document, { document: place.document, epoch: head.epoch })
    }
    return [...held.values()]
  }
}
