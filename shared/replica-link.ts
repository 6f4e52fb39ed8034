// replica-link.ts — one document coming down: opening, catching up, following, comparing. Knows: the cursor, and what may
// move it. Must not know: the outbox, records, the socket. The cursor moves in the batch of what it stands for, by a
// delivery or caughtUp, and by nothing else. [C2] [E1]
import { equalBytes } from './equal-bytes.ts'
import { closedCode, comeBack, knowledgeKind, planKind, right } from './message.ts'
import type { ClosedCode, Knowledge, MessageOf } from './message.ts'
import { Comparing } from './replica-comparing.ts'
import type { DocumentEffect } from './replica-document-words.ts'
import { reopeningsMax, reopenWaitMs } from './replica-limits.ts'
import type { Cursor, Place } from './replica-records.ts'
import type { WaitReason } from './replica-status.ts'
import type { Task } from './replica-writing.ts'
import { unreachable } from './unreachable.ts'

export type LinkHost = {
  readonly emit: (effect: DocumentEffect) => void
  readonly write: (task: Task) => void
  readonly apply: (updates: readonly Uint8Array[]) => void
  /** The link was let go of, by whomever. */
  readonly letGo: () => void
  readonly giveBack: (stateVector: Uint8Array) => void
  readonly nextRequest: () => number
  /** The rows, and the Y.Doc with them, are still those of a history that is over. */
  readonly isReplacing: () => boolean
}

/** What the rows of another history, or rows in doubt, are replaced by when all of it has come. */
type Replacing = 'epoch' | 'doubt'

export type LinkPhase =
  | { readonly is: 'unlinked'; readonly reason: WaitReason; readonly until: number | undefined }
  | { readonly is: 'measuring'; readonly request: number }
  | { readonly is: 'opening'; readonly knows: Knowledge['kind'] }
  | {
      readonly is: 'catchingUp'
      readonly plan: (typeof planKind)['tail' | 'whole' | 'exchange']
      readonly epoch: Uint8Array
      readonly seal: Uint8Array
      readonly at: number
      /** Filled as it comes; only the phase holds it. */
      readonly came: Uint8Array[]
      readonly replacing: Replacing | undefined
      /** The state vector that the relay still has to be told. */
      readonly request: number | undefined
    }
  | { readonly is: 'live'; readonly seal: Uint8Array; readonly at: number }
  | { readonly is: 'closed'; readonly reason: WaitReason; readonly until: number | undefined }

type Way = 'cursor' | 'content' | 'doubt' | 'anew'

const noStateVector = Uint8Array.of(0)

/** Where the relay does not say when to come back. */
const closedFor: Readonly<Record<ClosedCode, WaitReason>> = {
  [closedCode.forbidden]: 'forbidden',
  [closedCode.replaced]: 'noProgress',
  [closedCode.tooLarge]: 'tooLarge',
  [closedCode.gone]: 'gone',
  [closedCode.notNow]: 'relayBusy',
}
const noLink: LinkPhase = { is: 'unlinked', reason: 'noLink', until: undefined }

export class DocumentLink {
  readonly comparing: Comparing = new Comparing()
  readonly #host: LinkHost
  #compares = false
  #phase: LinkPhase = noLink
  #isSocketReady = false
  #epoch: Uint8Array = new Uint8Array()
  #cursor: Cursor | undefined
  #head = 0
  #mayWrite: boolean | undefined
  #reopenings = 0
  /** How the next opening has to be, until one came to its end: a cut must not turn a doubt into a cursor. */
  #way: Way = 'cursor'
  /**
   * The relay lost what is here, and has not said yet that it has it again: a cursor in its new branch would say that
   * there is nothing to give back, and a cut or a crash would leave it at that. [C1]
   */
  #owes = false
  #digesting: { readonly request: number; readonly position: number } | undefined

  constructor(host: LinkHost) {
    this.#host = host
  }

  get phase(): LinkPhase {
    return this.#phase
  }

  get mayWrite(): boolean | undefined {
    return this.#mayWrite
  }

  /** The history that a push would enter. */
  get epoch(): Uint8Array {
    return this.#epoch
  }

  /** A link that may be pushed on: of the history that the rows are of. */
  get takesPushes(): boolean {
    const phase = this.#phase
    return phase.is === 'live' || (phase.is === 'catchingUp' && phase.replacing === undefined)
  }

  get isAtHead(): boolean {
    return this.#phase.is === 'live' && this.#phase.at >= this.#head
  }

  get progress(): { readonly position: number; readonly head: number } | undefined {
    const phase = this.#phase
    const isComing = phase.is === 'catchingUp' || (phase.is === 'live' && !this.isAtHead)
    return isComing ? { position: phase.at, head: this.#head } : undefined
  }

  get wakesAt(): number | undefined {
    return this.#phase.is === 'unlinked' || this.#phase.is === 'closed' ? this.#phase.until : undefined
  }

  /** Shown, and in no batch yet: it is written when all of it has come. */
  get shownAlready(): readonly Uint8Array[] {
    return this.#phase.is === 'catchingUp' && this.#phase.replacing === undefined ? this.#phase.came : []
  }

  get position(): number {
    return this.#cursor?.position ?? 0
  }

  /** There is a Y.Doc to make digests of. */
  watch(isWatched: boolean): void {
    this.#compares = isWatched
  }

  load(epoch: Uint8Array, place: Place): void {
    this.#epoch = epoch
    this.#cursor = place.cursor
    this.#mayWrite = place.mayWrite
    this.comparing.load(place.compared)
  }

  // The socket.

  socketReady(): void {
    this.#isSocketReady = true
    this.#reopenings = 0
    this.#open()
  }

  socketLost(): void {
    this.#isSocketReady = false
    this.#owes = false
    this.#phase = noLink
    this.#digesting = undefined
    this.comparing.cut()
  }

  /** A person asks, or what stood in the way is gone. */
  resume(): void {
    this.#reopenings = 0
    this.comparing.forgive()
    if (this.#isSocketReady && (this.#phase.is === 'unlinked' || this.#phase.is === 'closed')) this.#open()
  }

  woken(now: number): void {
    const until = this.wakesAt
    if (this.#isSocketReady && until !== undefined && now >= until) this.#open()
  }

  /** Let go until `resume`: nothing takes what would come. */
  pause(reason: WaitReason): void {
    this.#letGo({ is: 'unlinked', reason, until: undefined })
  }

  reopen(way: Way, now: number): void {
    this.#way = way
    this.#letGo(noLink)
    this.#openAgain('unlinked', now)
  }

  #letGo(phase: LinkPhase): void {
    const was = this.#phase.is
    this.#phase = phase
    this.#owes = false
    this.#digesting = undefined
    this.comparing.disturb()
    this.#host.letGo()
    if (was === 'opening' || was === 'catchingUp' || was === 'live') this.#host.emit({ type: 'leave' })
  }

  #openAgain(is: 'unlinked' | 'closed', now: number): void {
    this.#reopenings += 1
    if (this.#reopenings <= reopeningsMax) return this.#open()
    this.#reopenings = 0
    this.#phase = { is, reason: 'noProgress', until: now + reopenWaitMs }
    return undefined
  }

  #open(): void {
    const way = this.#way
    if (way === 'content' && this.#host.isReplacing()) return this.#say({ kind: knowledgeKind.nothing })
    if (way === 'content' && this.#epoch.length > 0) {
      const request = this.#host.nextRequest()
      this.#phase = { is: 'measuring', request }
      this.#host.emit({ type: 'makeStateVector', request })
      return
    }
    this.#say(this.#knowledge(way))
  }

  #knowledge(way: Way): Knowledge {
    const epoch = this.#epoch
    if (epoch.length === 0 || way === 'anew') return { kind: knowledgeKind.nothing }
    if (way === 'doubt') return { kind: knowledgeKind.doubt, epoch }
    if (this.#cursor === undefined) return { kind: knowledgeKind.nothing }
    return { kind: knowledgeKind.cursor, epoch, ...this.#cursor }
  }

  #say(knowledge: Knowledge): void {
    this.#phase = { is: 'opening', knows: knowledge.kind }
    this.#host.emit({ type: 'open', knowledge })
  }

  // Opening.

  stateVectorMade(request: number, stateVector: Uint8Array): void {
    const phase = this.#phase
    if (phase.is === 'measuring' && phase.request === request) {
      this.#say({ kind: knowledgeKind.content, epoch: this.#epoch, stateVector })
    } else if (phase.is === 'catchingUp' && phase.request === request) {
      this.#phase = { ...phase, request: undefined }
      this.#host.emit({ type: 'say', message: { type: 'known', stateVector } })
    }
  }

  opened({ epoch, head, seal, plan, rights }: MessageOf<'opened'>, now: number): void {
    if (this.#phase.is !== 'opening') return
    const { knows } = this.#phase
    this.setRights(rights)
    this.#head = head
    const isOther = this.#epoch.length > 0 && !equalBytes(epoch, this.#epoch)
    if (this.#epoch.length === 0) {
      this.#epoch = epoch
      this.#host.write({ is: 'adopt', epoch })
    }
    const begun = { is: 'catchingUp', epoch, seal, at: 0, request: undefined } as const
    switch (plan.kind) {
      case planKind.atHead:
        if (isOther) {
          this.#phase = { ...begun, came: [], plan: planKind.whole, replacing: 'epoch' }
          this.#finish(head, now)
        } else {
          this.#phase = { is: 'live', seal, at: this.#cursor?.position ?? head }
          this.#way = 'cursor'
        }
        return
      case planKind.tail:
        // A tail of a history that we have nothing of cannot be meant.
        if (isOther) this.reopen('anew', now)
        else {
          const at = this.#cursor?.position ?? 0
          this.#phase = { ...begun, came: [], plan: planKind.tail, at, replacing: undefined }
        }
        return
      case planKind.whole: {
        const inDoubt = knows === knowledgeKind.doubt ? 'doubt' : undefined
        this.#phase = { ...begun, came: [], plan: planKind.whole, replacing: isOther ? 'epoch' : inDoubt }
        return
      }
      case planKind.exchange:
        this.#phase = {
          ...begun,
          came: [],
          plan: planKind.exchange,
          replacing: isOther ? 'epoch' : undefined,
        }
        // What could be told, or given back, would be of the history before. [E1]
        if (isOther || this.#host.isReplacing()) {
          this.#host.emit({ type: 'say', message: { type: 'known', stateVector: noStateVector } })
          return
        }
        if (knows !== knowledgeKind.content) this.#measureFor(this.#phase)
        if (this.#mayWrite !== true) return
        this.#owes = true
        this.#host.giveBack(plan.stateVector)
        return
      default:
        unreachable(plan)
    }
  }

  #measureFor(phase: LinkPhase & { is: 'catchingUp' }): void {
    const request = this.#host.nextRequest()
    this.#phase = { ...phase, request }
    this.#host.emit({ type: 'makeStateVector', request })
  }

  setRights(rights: number): void {
    const mayWrite = (rights & right.write) !== 0
    if (mayWrite === this.#mayWrite) return
    this.#mayWrite = mayWrite
    this.#host.write({ is: 'grant', mayWrite })
  }

  closed({ code, comeBack: back, afterMs }: MessageOf<'closed'>, now: number): void {
    this.#digesting = undefined
    this.#host.letGo()
    const until = back === comeBack.later ? now + Math.max(afterMs, 1_000) : undefined
    const reason = closedFor[code]
    this.#phase = { is: 'closed', reason: until === undefined ? reason : 'relayBusy', until }
    if (code === closedCode.replaced) this.#openAgain('closed', now)
  }

  /** Nothing of it is on this device any more: the next opening says so. */
  forget(): void {
    this.#epoch = new Uint8Array()
    this.#cursor = undefined
    this.#mayWrite = false
  }

  // Catching up, and following.

  piece({ update }: MessageOf<'piece'>): void {
    const phase = this.#phase
    if (phase.is !== 'catchingUp') return
    phase.came.push(update)
    if (phase.replacing === undefined) this.#host.apply([update])
  }

  delivery({ after, through, updates }: MessageOf<'delivery'>, now: number): void {
    const phase = this.#phase
    if (phase.is !== 'catchingUp' && phase.is !== 'live') return
    if (through <= phase.at) return
    // Something between is not here.
    if (after > phase.at) return this.reopen('cursor', now)
    this.comparing.disturb()
    this.#head = Math.max(this.#head, through)
    const replacing = phase.is === 'catchingUp' ? phase.replacing : undefined
    if (replacing === undefined) this.#host.apply(updates)
    if (phase.is === 'catchingUp' && (replacing !== undefined || phase.came.length > 0)) {
      phase.came.push(...updates)
      this.#phase = { ...phase, at: through }
      return undefined
    }
    this.#phase = { ...phase, at: through }
    return this.#advance({ seal: phase.seal, position: through }, updates)
  }

  caughtUp({ through }: MessageOf<'caughtUp'>, now: number): void {
    const phase = this.#phase
    if (phase.is !== 'catchingUp' && phase.is !== 'live') return undefined
    // Only pieces may stand for positions that no delivery named.
    const mayJump = phase.is === 'catchingUp' && phase.plan !== planKind.tail
    if (through > phase.at && !mayJump) return this.reopen('cursor', now)
    if (phase.is === 'catchingUp') return this.#finish(Math.max(through, phase.at), now)
    return undefined
  }

  #finish(through: number, now: number): void {
    const phase = this.#phase
    if (phase.is !== 'catchingUp') return
    const { seal, epoch, came, replacing, plan } = phase
    const cursor = { seal, position: through }
    this.#head = Math.max(this.#head, through)
    this.#phase = { is: 'live', seal, at: through }
    this.#way = 'cursor'
    if (replacing !== undefined) {
      this.#epoch = epoch
      this.#cursor = cursor
      this.#host.write({ is: 'replace', epoch, cursor, updates: came, at: now })
    } else if (plan !== planKind.tail) {
      this.#advance(cursor, came)
    }
    if (replacing !== undefined || plan === planKind.exchange) this.comparing.hurry()
  }

  #advance(cursor: Cursor, updates: readonly Uint8Array[]): void {
    this.#reopenings = 0
    if (!this.#owes) this.#cursor = cursor
    this.#host.write({ is: 'advance', cursor: this.#cursor, updates })
  }

  /** The relay has what it lacked. */
  repaired(): void {
    const phase = this.#phase
    if (!this.#owes) return
    this.#owes = false
    if (phase.is === 'live') this.#advance({ seal: phase.seal, position: phase.at }, [])
  }

  // Comparing.

  /** Returns when to look again. */
  compareIfQuiet(isQuiet: boolean, now: number): number | undefined {
    const phase = this.#phase
    if (!this.#compares || phase.is !== 'live' || !this.isAtHead || !isQuiet) {
      this.comparing.disturb()
      return undefined
    }
    const dueAt = this.comparing.dueAt(phase.at, now)
    if (dueAt === undefined || now < dueAt) return dueAt
    this.comparing.began(now)
    this.#digesting = { request: this.#host.nextRequest(), position: phase.at }
    this.#host.emit({ type: 'makeDigest', ...this.#digesting })
    return undefined
  }

  digestMade(request: number, digest: Uint8Array, isQuiet: boolean): void {
    const made = this.#digesting
    if (made?.request !== request) return
    this.#digesting = undefined
    const phase = this.#phase
    // What came meanwhile is in the digest, or is not: nobody can tell.
    if (phase.is !== 'live' || phase.at !== made.position || !isQuiet) return
    this.#host.emit({ type: 'say', message: { type: 'digest', position: made.position, digest } })
  }

  compared({ verdict, position }: MessageOf<'compared'>, now: number): void {
    const before = this.comparing.compared
    const remedy = this.comparing.judged(verdict, position)
    if (this.comparing.compared !== before)
      this.#host.write({ is: 'compare', compared: this.comparing.compared })
    if (remedy === 'exchange') this.reopen('content', now)
    else if (remedy === 'fetchAll') this.reopen('doubt', now)
    else this.#reopenings = 0
  }
}
