// native-peer.ts — a replica without a store: one document through the native wire, as docs/PROTOCOL.md has it. It
// pushes as a real one does: at most two without an answer, and what is written meanwhile goes into the next.
import { createHash, randomBytes } from 'node:crypto'
import { WebSocket } from 'ws'
import { framesOf, Reassembly } from '../shared/fragments.ts'
import { pushEntriesMax } from '../shared/limits.ts'
import {
  comeBack,
  entryKind,
  hashBytes,
  idBytes,
  knowledgeKind,
  planKind,
  want,
  wireProtocol,
  wireVersion,
} from '../shared/message.ts'
import type { EntryKind, Knowledge, Message, MessageOf, PushEntry } from '../shared/message.ts'
import { decodeFrame, decodeMessage, encodeFrame, encodeMessage } from '../shared/wire.ts'
import { deferred } from './deferred.ts'
import { frameBytes } from './peer.ts'
import type { Cursor, Identity, Joining, Peer, PresenceState } from './peer.ts'
import type { Server } from './server.ts'

const pushesMax = 2
const pushBytesMax = 256 * 1024
const link = 1
const secretBytes = 32
/** Repairs are in no outbox and count apart. */
const firstRepair = 2 ** 52
const isMeeting: ReadonlySet<Message['type']> = new Set(['welcome', 'authenticated', 'ping', 'pong'])

export function newIdentity(): Identity {
  return { id: randomBytes(idBytes), secret: randomBytes(secretBytes) }
}

export class NativePeer implements Peer {
  readonly inSync: Promise<void>
  readonly bytes = { up: 0, down: 0 }
  readonly webSocket: WebSocket
  readonly #joining: Joining
  readonly #synced = deferred()
  readonly #reassembly = new Reassembly()
  #cursor: Cursor = { epoch: new Uint8Array(idBytes), seal: new Uint8Array(), position: 0 }
  #counter = 0
  #repairs = firstRepair
  #isOpen = false
  #head = 0
  readonly #outbox: PushEntry[] = []
  #outboxBytes = 0
  /** Counters of each push that waits for answers. */
  readonly #pushes: Set<number>[] = []

  constructor(server: Server, joining: Joining) {
    this.#joining = joining
    this.inSync = this.#synced.promise
    const url = server.target.url(server.port, joining.document)
    const webSocket = new WebSocket(url, [wireProtocol], { perMessageDeflate: false })
    webSocket.once('open', () => this.#meet())
    webSocket.once('error', (error) => this.#synced.fail(error))
    webSocket.once('close', (code) => this.#synced.fail(new Error(`A socket ended with ${code}.`)))
    webSocket.on('message', (frame) => {
      if (Buffer.isBuffer(frame)) this.#heard(frame)
    })
    this.webSocket = webSocket
  }

  get cursor(): Cursor {
    return this.#cursor
  }

  get unsentBytes(): number {
    // A push without an answer may have to be said again.
    return this.#outboxBytes + this.#pushes.length + this.webSocket.bufferedAmount
  }

  write(update: Uint8Array): void {
    this.#outbox.push(this.#entry(update, entryKind.edit, ++this.#counter))
    this.#outboxBytes += update.length
    this.#push()
  }

  sayPresence(state: PresenceState): void {
    this.#say({ type: 'presence', linkOrRoom: link, entries: [state] })
  }

  #meet(): void {
    const { id, secret } = this.#joining.identity ?? newIdentity()
    const meeting = encodeFrame([
      {
        type: 'hello',
        versions: [wireVersion],
        capabilities: 0,
        replica: id,
        secret,
        trace: 'bench',
      },
      { type: 'authenticate', token: '' },
    ])
    this.webSocket.send(meeting)
    this.#open()
  }

  #open(): void {
    const { document } = this.#joining
    const wants = want.write | want.presence
    this.#say({ type: 'open', link, document, wants, knowledge: this.#knowledge() })
  }

  #knowledge(): Knowledge {
    const { knows } = this.#joining
    if (knows?.cursor === undefined) return { kind: knowledgeKind.nothing }
    this.#cursor = knows.cursor
    return { kind: knowledgeKind.cursor, ...knows.cursor }
  }

  #heard(frame: Buffer): void {
    const messages = decodeFrame(frame)
    this.bytes.down += frameBytes(frame.length, false)
    for (const message of messages) {
      if (isMeeting.has(message.type)) this.bytes.down -= encodeMessage(message).length
      this.#act(message)
    }
  }

  #act(message: Message): void {
    switch (message.type) {
      case 'welcome':
      case 'authenticated':
      case 'mode':
      case 'pong':
        return
      case 'ping':
        return this.#say({ type: 'pong', nonce: message.nonce, time: 0 })
      case 'goodbye':
        return this.#synced.fail(new Error(message.reason))
      case 'closed':
        return this.#closed(message)
      case 'fragment':
        return this.#gather(message)
      case 'opened':
        return this.#opened(message)
      case 'piece':
        return this.#joining.heard?.update?.(message.update)
      case 'delivery':
        return this.#delivered(message)
      case 'caughtUp':
        return this.#arrivedAt(message.through)
      case 'ack':
        return this.#acknowledged(message)
      case 'presence':
        return this.#joining.heard?.presence?.(message.entries)
      default:
        throw new Error(`The relay said ${JSON.stringify(message)}.`)
    }
  }

  #gather(fragment: MessageOf<'fragment'>): void {
    const whole = this.#reassembly.take(fragment)
    const message = whole === undefined ? undefined : decodeMessage(whole)
    if (message !== undefined) this.#act(message)
  }

  #closed({ comeBack: whether, afterMs, reason }: MessageOf<'closed'>): void {
    this.#isOpen = false
    if (whether === comeBack.later) setTimeout(() => this.#open(), afterMs)
    else this.#synced.fail(new Error(reason))
  }

  #opened({ epoch, seal, head, plan }: MessageOf<'opened'>): void {
    const { knows, owes } = this.#joining
    const position = plan.kind === planKind.atHead ? head : this.#cursor.position
    // What is seen of a frame keeps all of it.
    this.#cursor = { epoch: epoch.slice(), seal: seal.slice(), position }
    this.#isOpen = true
    this.#head = head
    if (plan.kind === planKind.atHead) this.#synced.keep()
    if (plan.kind === planKind.exchange) {
      this.#say({ type: 'known', link, stateVector: knows?.stateVector ?? Uint8Array.of(0) })
      const owed = owes?.(plan.stateVector)
      if (owed !== undefined)
        this.#say({ type: 'push', link, entries: [this.#entry(owed, entryKind.repair, this.#repairs++)] })
    }
    this.#push()
  }

  #delivered({ after, through, updates }: MessageOf<'delivery'>): void {
    if (through <= this.#cursor.position) return
    // Before it has caught up it has no position that a range could follow on.
    if (after > this.#cursor.position && this.#cursor.position > 0) {
      throw new Error(`There is a gap between ${this.#cursor.position} and ${after}.`)
    }
    for (const update of updates) this.#joining.heard?.update?.(update)
    this.#arrivedAt(through)
  }

  /** The pieces may be of an older state: what came since is delivered behind them. */
  #arrivedAt(position: number): void {
    this.#cursor = { ...this.#cursor, position }
    if (position >= this.#head) this.#synced.keep()
  }

  #acknowledged({ ranges }: MessageOf<'ack'>): void {
    for (const { from, count } of ranges) {
      for (let counter = from; counter < from + count; counter++) {
        const at = this.#pushes.findIndex((counters) => counters.delete(counter))
        if (this.#pushes[at]?.size === 0) this.#pushes.splice(at, 1)
      }
    }
    this.#push()
  }

  #push(): void {
    while (this.#isOpen && this.#pushes.length < pushesMax && this.#outbox.length > 0) {
      let count = 0
      let bytes = 0
      for (const { update } of this.#outbox) {
        if (count === pushEntriesMax || (count > 0 && bytes + update.length > pushBytesMax)) break
        count++
        bytes += update.length
      }
      const entries = this.#outbox.splice(0, count)
      this.#outboxBytes -= bytes
      this.#pushes.push(new Set(entries.map(({ counter }) => counter)))
      this.#say({ type: 'push', link, entries })
    }
  }

  #entry(update: Uint8Array, kind: EntryKind, counter: number): PushEntry {
    const hash = createHash('sha256').update(update).digest().subarray(0, hashBytes)
    return { counter, hash, kind, update }
  }

  #say(message: Message): void {
    for (const frame of framesOf([encodeMessage(message)])) {
      if (!isMeeting.has(message.type)) this.bytes.up += frameBytes(frame.length, true)
      this.webSocket.send(frame)
    }
  }
}
