// native-writer.ts — a person on the native wire, smaller than the real replica: a Y.Doc, edits that wait for their ack, a
// cursor, sockets that come and go. Knows: ws, the wire. Tells of everything that the relay has promised to have: what it
// acknowledged, and what it showed.
import { WebSocket } from 'ws'
import * as Y from 'yjs'
import { entryHash } from '../shared/entry-hash.ts'
import { Reassembly } from '../shared/fragments.ts'
import { inLots } from '../shared/in-lots.ts'
import { pushEntriesMax } from '../shared/limits.ts'
import { entryKind, knowledgeKind, planKind, want, wireProtocol, wireVersion } from '../shared/message.ts'
import type { Knowledge, Message, MessageOf, PushEntry } from '../shared/message.ts'
import { isEmptyUpdate } from '../shared/stock-wire.ts'
import { decodeFrame, decodeMessage, encodeMessage } from '../shared/wire.ts'

const document = 'story'
const link = 1

export class NativeWriter {
  readonly doc = new Y.Doc()
  readonly #url: string
  readonly #name: number
  readonly #promised: (update: Uint8Array) => void
  readonly #pending = new Map<number, PushEntry>()
  #counter = 0
  #epoch = new Uint8Array(16)
  #knowledge: Knowledge = { kind: knowledgeKind.nothing }
  #seal = new Uint8Array()
  #socket: WebSocket | undefined
  #isOpen = false
  #look: () => void = () => undefined

  constructor(url: string, name: number, promised: (update: Uint8Array) => void) {
    this.#url = url
    this.#name = name
    this.#promised = promised
    this.doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin !== this) this.#push([this.#entry(update, entryKind.edit)])
    })
  }

  write(words: string, at: number): void {
    this.doc.getText('text').insert(at, words)
  }

  /** Nothing of it waits for an ack any more. */
  async saved(): Promise<void> {
    while (this.#pending.size > 0) await this.#happening()
  }

  goOffline(): void {
    this.#isOpen = false
    this.#socket?.terminate()
  }

  /** Resolves when it has caught up. */
  async comeBack(): Promise<void> {
    const socket = new WebSocket(this.#url, wireProtocol)
    const reassembly = new Reassembly()
    this.#socket = socket
    // A relay that is killed is no news here.
    socket.on('error', () => undefined)
    socket.on('message', (frame: Buffer) => {
      for (const message of decodeFrame(new Uint8Array(frame))) {
        const bytes = message.type === 'fragment' ? reassembly.take(message) : undefined
        const whole = bytes === undefined ? message : decodeMessage(bytes)
        if (whole !== undefined && socket === this.#socket) this.#hear(whole)
      }
      this.#look()
    })
    await new Promise((resolve) => socket.once('open', resolve))
    this.#say(
      {
        type: 'hello',
        versions: [wireVersion],
        capabilities: 0,
        replica: new Uint8Array(16).fill(this.#name),
        secret: new Uint8Array(32).fill(this.#name),
        trace: '',
      },
      { type: 'authenticate', token: '' },
      { type: 'open', link, document, wants: want.write, knowledge: this.#knowledge },
    )
    while (!this.#isOpen) await this.#happening()
  }

  #hear(message: Message): void {
    switch (message.type) {
      case 'opened':
        return this.#opened(message)
      case 'piece':
        return this.#shown([message.update])
      case 'delivery':
        this.#shown(message.updates)
        return this.#standAt(message.through)
      case 'caughtUp':
        this.#standAt(message.through)
        this.#isOpen = true
        return undefined
      case 'ack':
        for (const { from, count } of message.ranges) {
          for (let counter = from; counter < from + count; counter++) this.#acked(counter)
        }
        return undefined
      case 'missing':
        return this.#repair(message.stateVector)
      case 'refused':
      case 'closed':
      case 'goodbye':
        throw new Error(`The relay said «${message.type}»: ${JSON.stringify(message)}`)
      default:
        return undefined
    }
  }

  #opened({ epoch, seal, plan, head }: MessageOf<'opened'>): void {
    this.#epoch = epoch.slice()
    this.#seal = seal.slice()
    if (plan.kind === planKind.exchange) {
      this.#say({ type: 'known', link, stateVector: Y.encodeStateVector(this.doc) })
      this.#repair(plan.stateVector)
    }
    this.#push([...this.#pending.values()])
    if (plan.kind !== planKind.atHead) return
    this.#standAt(head)
    this.#isOpen = true
  }

  #repair(stateVector: Uint8Array): void {
    const update = Y.encodeStateAsUpdate(this.doc, stateVector)
    if (!isEmptyUpdate(update)) this.#push([this.#entry(update, entryKind.repair)])
  }

  #shown(updates: readonly Uint8Array[]): void {
    for (const update of updates) {
      this.#promised(update.slice())
      Y.applyUpdate(this.doc, update, this)
    }
  }

  #standAt(position: number): void {
    this.#knowledge = { kind: knowledgeKind.cursor, epoch: this.#epoch, seal: this.#seal, position }
  }

  #acked(counter: number): void {
    const entry = this.#pending.get(counter)
    if (entry === undefined) return
    this.#promised(entry.update)
    this.#pending.delete(counter)
  }

  #entry(update: Uint8Array, kind: PushEntry['kind']): PushEntry {
    const counter = ++this.#counter
    const entry = { counter, hash: entryHash(update), kind, update }
    this.#pending.set(counter, entry)
    return entry
  }

  #push(entries: readonly PushEntry[]): void {
    for (const some of inLots(entries, pushEntriesMax)) this.#say({ type: 'push', link, entries: some })
  }

  #say(...messages: Message[]): void {
    if (this.#socket?.readyState !== WebSocket.OPEN) return
    for (const message of messages) this.#socket.send(encodeMessage(message))
  }

  #happening(): Promise<void> {
    return new Promise((resolve) => {
      this.#look = resolve
    })
  }
}
