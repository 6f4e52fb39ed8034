// replica.ts — one tab's part in the device's replica: its documents, and, while it leads, the one socket for all of
// them. Knows: which document is open, who may push next, what is fetched in the background. The socket's life is
// replica-socket.ts, a document's replica-document.ts. Must not know: WebSockets, stores, Y.Docs, locks. [B1] [L1]
import { relayMode, trafficClass } from './message.ts'
import type { Message, MessageOf, RelayMode, ReplicaMessage } from './message.ts'
import { PushWindow } from './push-window.ts'
import { ReplicaDocument } from './replica-document.ts'
import type { DocumentEffect, DocumentInput, LinkWord } from './replica-document-words.ts'
import { Fetching } from './replica-fetching.ts'
import { rowlessCounterMin } from './replica-limits.ts'
import { Links } from './replica-links.ts'
import { Listing } from './replica-listing.ts'
import type { List } from './replica-listing.ts'
import { ReplicaSocket } from './replica-socket.ts'
import { isSameStatus } from './replica-status.ts'
import { meanings } from './replica-words.ts'
import type { ReplicaEffect, ReplicaInput, ReplicaStatus, SocketNumber } from './replica-words.ts'
import { unreachable } from './unreachable.ts'

export type ReplicaOptions = {
  /** At least 0 and below 1: where the counters begin of what goes up without a row. */
  readonly random: number
  /** The id under which a relay's log tells of this device. */
  readonly trace: string
  /** Whether all documents are brought up to date, or only those that are opened. */
  readonly followsWorkspace: boolean
  /** Bits of `want`. */
  readonly wants: number
}

/** Room for as many rowless counters behind the random beginning. */
const rowlessRoom = 2 ** 40

type Opened = { readonly machine: ReplicaDocument; isOpen: boolean; isShown: boolean }

export class Replica {
  readonly #options: ReplicaOptions
  readonly #socket: ReplicaSocket
  readonly #documents = new Map<string, Opened>()
  readonly #links = new Links()
  readonly #window = new PushWindow()
  readonly #fetching = new Fetching()
  readonly #listing = new Listing()
  /** Documents' own wake-ups: each tells its next one. */
  readonly #wakes = new Map<string, number>()
  /** Documents that were told something and have yet to go on. */
  readonly #heard = new Set<string>()
  #workspaceCursor: Uint8Array = new Uint8Array()
  #mode: RelayMode = relayMode.normal
  #modeClasses = 0
  #modeUntil = 0
  #rowless: number
  #status: ReplicaStatus | undefined
  #wakeAt: number | undefined
  #now = 0
  #effects: ReplicaEffect[] = []

  constructor(options: ReplicaOptions) {
    this.#options = options
    this.#rowless = rowlessCounterMin + Math.floor(options.random * rowlessRoom) * 2 ** 11
    this.#socket = new ReplicaSocket(
      {
        emit: (effect) => void this.#effects.push(effect),
        greeted: () => this.#greeted(),
        ready: () => this.#fetching.again(),
        lost: () => this.#lost(),
      },
      options.trace,
    )
  }

  step(input: ReplicaInput, now: number): readonly ReplicaEffect[] {
    this.#effects = []
    this.#now = now
    if (meanings[this.#socket.phase.is][input.type] === 'take') this.#take(input)
    this.#goOn()
    return this.#effects
  }

  #take(input: ReplicaInput): void {
    const now = this.#now
    switch (input.type) {
      case 'led':
        return this.#lead(input)
      case 'steppedDown':
        return this.#stepDown()
      case 'identityMade':
        return this.#socket.identityMade(input.replica, input.secret, now)
      case 'tokenGiven':
        return this.#socket.tokenGiven(input.token, now)
      case 'connected':
        if (this.#socket.isCurrent(input.socket)) this.#socket.connected(now)
        return undefined
      case 'received':
        return this.#receiveAll(input.socket, input.messages)
      case 'garbled':
        if (this.#socket.isCurrent(input.socket)) this.#socket.garbled(now)
        return undefined
      case 'disconnected':
        if (this.#socket.isCurrent(input.socket)) this.#socket.disconnected(input.random, now)
        return undefined
      case 'documentOpened':
        return this.#open(input.document, true)
      case 'documentShown':
        return this.#show(input.document)
      case 'documentClosed':
        return this.#closeDocument(input.document)
      case 'unsentFound':
        return this.#fetching.addUnsent(input.document)
      case 'document':
        return this.#tell(input.document, input.input)
      case 'presenceSaid': {
        const link = this.#links.linkOf(input.document)
        if (link !== undefined) {
          this.#socket.send({ type: 'presence', linkOrRoom: link, entries: input.entries }, now)
        }
        return undefined
      }
      case 'listStored':
        if (input.cursor !== undefined) this.#workspaceCursor = input.cursor
        return undefined
      case 'documentsRead':
        return this.#storeList(this.#listing.unlisted(input.documents))
      case 'roused':
        this.#fetching.again()
        if (input.by === 'person') this.#tellAll({ type: 'retried' })
        return this.#socket.roused(input.by, now)
      case 'workOfflineSet':
        return this.#socket.workOffline(input.isOn, now)
      case 'woken':
        this.#wakeAt = undefined
        this.#socket.woken(now)
        return this.#wakeDocuments()
      default:
        return unreachable(input)
    }
  }

  // Leading.

  #lead(input: ReplicaInput & { type: 'led' }): void {
    this.#workspaceCursor = input.workspaceCursor
    this.#fetching.clear()
    for (const document of input.unsent) this.#fetching.addUnsent(document)
    for (const wanted of input.toFetch) this.#fetching.add(wanted)
    for (const document of this.#documents.keys()) this.#effects.push({ type: 'loadDocument', document })
    this.#socket.led(input, this.#now)
  }

  #stepDown(): void {
    this.#socket.stepDown()
    this.#fetching.clear()
    this.#listing.forget()
    this.#tellAll({ type: 'steppedDown' })
    for (const [document, { isOpen }] of this.#documents) if (!isOpen) this.#forget(document)
  }

  // The socket.

  #greeted(): void {
    // Who is looked at comes first, and nobody waits for an answer.
    const opened = [...this.#documents].toSorted((left, right) => rank(left[1]) - rank(right[1]))
    for (const [document] of opened) this.#tell(document, { type: 'socketReady' })
    if (!this.#options.followsWorkspace) return
    this.#socket.send({ type: 'changes', cursor: this.#workspaceCursor, follow: true }, this.#now)
  }

  #lost(): void {
    this.#window.clear()
    this.#links.clear()
    this.#listing.cut()
    this.#mode = relayMode.normal
    this.#modeUntil = 0
    this.#tellAll({ type: 'linkLost' })
  }

  #receiveAll(socket: SocketNumber, messages: readonly Message[]): void {
    for (const message of messages) if (this.#socket.isCurrent(socket)) this.#receive(message)
    for (const document of this.#heard) this.#goOnWith(document)
  }

  #receive(message: Message): void {
    this.#socket.heard(message, this.#now)
    switch (message.type) {
      case 'opened': {
        const document = this.#links.opened(message.link, message.room)
        if (document !== undefined) this.#hear(document, message)
        return
      }
      case 'closed': {
        const document = this.#links.ofLink(message.link)
        if (document === undefined) return
        this.#links.close(document)
        this.#hear(document, message)
        return
      }
      case 'piece':
      case 'delivery':
      case 'caughtUp':
      case 'ack':
      case 'refused':
      case 'missing':
      case 'compared':
      case 'rights': {
        const document = this.#links.ofRoom(message.room)
        if (document !== undefined) this.#hear(document, message)
        return
      }
      case 'presence': {
        const document = this.#links.ofRoom(message.linkOrRoom)
        if (document === undefined) return
        this.#effects.push({ type: 'hearPresence', document, entries: message.entries })
        return
      }
      case 'mode':
        this.#mode = message.mode
        this.#modeClasses = message.classes
        this.#modeUntil = this.#now + message.afterMs
        return
      case 'changed':
        return this.#hearChanges(message)
      default:
      // The socket's own, and what only a replica says: a relay that says it is not worth a quarrel.
    }
  }

  #hearChanges(changed: MessageOf<'changed'>): void {
    const documents = changed.documents
      .filter(({ document, position }) => {
        const opened = this.#documents.get(document)?.machine
        return opened === undefined || !opened.isAtRest || opened.position < position
      })
      .map(({ document, epoch, position }) => ({ document, epoch, position }))
    // The cursor stands for all parts of the answer, and of a full list for what it does not name as well. [C2]
    const isEndOfFull = this.#listing.hear(changed)
    const cursor = changed.more || isEndOfFull ? undefined : changed.cursor
    if (documents.length > 0 || cursor !== undefined) this.#storeList({ documents, cursor })
    if (isEndOfFull) this.#effects.push({ type: 'readDocuments' })
  }

  #storeList(list: List | undefined): void {
    if (list === undefined) return
    for (const wanted of list.documents) this.#fetching.add(wanted)
    this.#effects.push({ type: 'storeList', ...list })
  }

  // Documents.

  #open(document: string, isOpen: boolean): void {
    const opened = this.#documents.get(document)
    if (opened !== undefined) {
      opened.isOpen ||= isOpen
      opened.machine.watch(opened.isOpen)
      this.#fetching.release(document)
      return
    }
    const machine = new ReplicaDocument({ nextRowless: () => (this.#rowless += 1) })
    machine.watch(isOpen)
    this.#documents.set(document, { machine, isOpen, isShown: false })
    this.#effects.push({ type: 'loadDocument', document })
    if (this.#socket.isOpen) this.#tell(document, { type: 'socketReady' })
  }

  #show(document: string): void {
    for (const [name, opened] of this.#documents) opened.isShown = name === document
  }

  /** Edits that are not answered yet go on in the background. */
  #closeDocument(document: string): void {
    const opened = this.#documents.get(document)
    if (opened === undefined) return
    opened.isOpen = false
    opened.isShown = false
    opened.machine.watch(false)
    // What may not be read any more stayed only as long as somebody looked at it.
    if (opened.machine.isTakenAway) this.#tell(document, { type: 'woken' })
    if (opened.machine.isAtRest || opened.machine.phase === 'following') this.#forget(document)
  }

  #forget(document: string): void {
    this.#leave(document)
    this.#documents.delete(document)
    this.#wakes.delete(document)
    this.#window.forget(document)
    this.#fetching.release(document)
    this.#effects.push({ type: 'forgetDocument', document })
  }

  #tellAll(input: DocumentInput): void {
    for (const document of this.#documents.keys()) this.#tell(document, input)
  }

  #tell(document: string, input: DocumentInput): void {
    this.#hear(document, input)
    this.#goOnWith(document)
  }

  #hear(document: string, input: DocumentInput): void {
    const opened = this.#documents.get(document)
    if (opened === undefined) return
    this.#heard.add(document)
    for (const effect of opened.machine.hear(input, this.#now)) this.#perform(document, effect)
  }

  #goOnWith(document: string): void {
    this.#heard.delete(document)
    this.#wakes.delete(document)
    for (const effect of this.#documents.get(document)?.machine.goOn(this.#now) ?? [])
      this.#perform(document, effect)
  }

  #perform(document: string, effect: DocumentEffect): void {
    switch (effect.type) {
      case 'open':
        this.#leave(document)
        return this.#send({
          type: 'open',
          link: this.#links.open(document),
          document,
          wants: this.#options.wants,
          knowledge: effect.knowledge,
        })
      case 'leave':
        return this.#leave(document)
      case 'say':
        return this.#say(document, effect.message)
      case 'push': {
        const link = this.#links.linkOf(document)
        if (link !== undefined) this.#send({ type: 'push', link, entries: effect.entries })
        return undefined
      }
      case 'wantPush':
        return this.#window.want(document)
      case 'freePushes':
        return this.#window.free(document, effect.count)
      case 'wakeAt':
        this.#wakes.set(document, effect.time)
        return undefined
      default:
        this.#effects.push({ type: 'document', document, effect })
        return undefined
    }
  }

  #say(document: string, message: LinkWord): void {
    const link = this.#links.linkOf(document)
    if (link !== undefined) this.#send({ ...message, link })
  }

  #leave(document: string): void {
    const link = this.#links.close(document)
    if (link !== undefined) this.#send({ type: 'leave', link })
  }

  #send(message: ReplicaMessage): void {
    this.#socket.send(message, this.#now)
  }

  // Going on.

  #goOn(): void {
    this.#settleBackground()
    this.#fetchNext()
    if (this.#mayPush) {
      for (let next = this.#window.grant(); next !== undefined; next = this.#window.grant()) {
        this.#tell(next, { type: 'pushGranted' })
      }
    }
    this.#tellStatus()
    this.#planWake()
  }

  /** A relay that takes nothing now says when it may be asked again. */
  get #mayPush(): boolean {
    return this.#mode !== relayMode.readOnly || this.#now >= this.#modeUntil
  }

  get #mayFetch(): boolean {
    const isShed = this.#mode !== relayMode.normal && (this.#modeClasses & trafficClass.bulk) !== 0
    return this.#socket.phase.is === 'ready' && (!isShed || this.#now >= this.#modeUntil)
  }

  #fetchNext(): void {
    if (!this.#mayFetch) return
    const isBusy = [...this.#documents.values()].some(({ isOpen, machine }) => isOpen && isComing(machine))
    const document = isBusy ? undefined : this.#fetching.begin((name) => this.#documents.has(name))
    if (document !== undefined) this.#open(document, false)
  }

  #settleBackground(): void {
    for (const [document, { isOpen, machine }] of this.#documents) {
      if (machine.isAtRest) {
        const listed = this.#fetching.rested(document, machine.epoch, machine.position)
        if (listed !== undefined) this.#effects.push({ type: 'storeFetched', listed })
        if (!isOpen) this.#forget(document)
      } else if (!isOpen && machine.phase === 'closed') {
        this.#settleClosed(document, machine)
      }
    }
  }

  #settleClosed(document: string, { closedFor, isBlank, isTakenAway }: ReplicaDocument): void {
    // It opens again by itself when the relay has said that it may; what else is bulk waits with it.
    if (closedFor === 'relayBusy') return
    if (isTakenAway && !isBlank) return
    if (isTakenAway) {
      const listed = this.#fetching.dropped(document)
      if (listed !== undefined) this.#effects.push({ type: 'storeFetched', listed })
    } else {
      this.#fetching.putOff(document)
    }
    this.#forget(document)
  }

  #wakeDocuments(): void {
    const due = [...this.#wakes].filter(([, time]) => this.#now >= time)
    for (const [document] of due) this.#tell(document, { type: 'woken' })
  }

  #planWake(): void {
    const times = [...this.#wakes.values()]
    const { wakesAt } = this.#socket
    if (wakesAt !== undefined) times.push(wakesAt)
    if (this.#modeUntil > this.#now) times.push(this.#modeUntil)
    const earliest = times.length === 0 ? undefined : times.reduce((left, right) => Math.min(left, right))
    if (earliest !== undefined && earliest !== this.#wakeAt)
      this.#effects.push({ type: 'wakeAt', time: earliest })
    this.#wakeAt = earliest
  }

  #tellStatus(): void {
    const { phase } = this.#socket
    const status: ReplicaStatus = {
      phase: phase.is,
      reason: phase.is === 'resting' ? phase.reason : undefined,
      nextTryAt: phase.is === 'waiting' ? phase.until : undefined,
      clockOffsetMs: this.#socket.clockOffsetMs,
      durability: this.#socket.durability,
      mode: this.#mode,
      toFetch: this.#fetching.size,
      isTokenExpiring: this.#socket.isTokenExpiring,
    }
    if (this.#status !== undefined && isSameStatus(this.#status, status)) return
    this.#status = status
    this.#effects.push({ type: 'tellStatus', status })
  }
}

function isComing({ phase }: ReplicaDocument): boolean {
  return phase === 'loading' || phase === 'measuring' || phase === 'opening' || phase === 'catchingUp'
}

function rank({ isShown, isOpen }: Opened): number {
  if (isShown) return 0
  return isOpen ? 1 : 2
}
