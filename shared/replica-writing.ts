// replica-writing.ts — what one document has for the store, one batch after the other. Knows: the order, what is on its
// way, when to try again. Must not know: records, links. A failed batch goes again before all later ones, so that a
// cursor never lands before its data, nor before an edit of one's own that it covers. [C2] [D3]
import { rowKind } from './replica-records.ts'
import type { Comparison, Cursor } from './replica-records.ts'
import type { Change, Refusing } from './replica-batches.ts'
import type { OutboxEntry } from './replica-outbox.ts'
import { Queue } from './replica-queue.ts'
import {
  storeRetryMsMax,
  storeRetryMsMin,
  unstoredBytesMax,
  writeBytesMax,
  writeChangesMax,
} from './replica-limits.ts'
import type { WriteOutcome } from './store.ts'
import { unreachable } from './unreachable.ts'

export type Task =
  | { readonly is: 'append'; readonly entry: OutboxEntry; readonly at: number }
  /** Derived deletes of someone who may not write. */
  | { readonly is: 'keep'; readonly entry: OutboxEntry; readonly at: number }
  | { readonly is: 'acknowledge'; readonly entries: readonly OutboxEntry[]; readonly at: number }
  | {
      readonly is: 'refuse'
      readonly refusals: readonly {
        readonly entry: OutboxEntry
        readonly code: number
        readonly reason: string
      }[]
      readonly at: number
    }
  | { readonly is: 'adopt'; readonly epoch: Uint8Array }
  | { readonly is: 'advance'; readonly cursor: Cursor | undefined; readonly updates: readonly Uint8Array[] }
  | {
      readonly is: 'replace'
      readonly epoch: Uint8Array
      /** Undefined: by nothing. */
      readonly cursor: Cursor | undefined
      readonly updates: readonly Uint8Array[]
      readonly at: number
    }
  | { readonly is: 'grant'; readonly mayWrite: boolean }
  | { readonly is: 'compare'; readonly compared: Comparison }

export type Ticket = number

type InFlight = {
  readonly ticket: Ticket
  readonly tasks: readonly Task[]
  /** Those of the tasks that append, in the order of their changes. */
  readonly appended: readonly OutboxEntry[]
  readonly changes: readonly Change[]
  /** A disk that failed in the middle could not say: it may be there. */
  isInDoubt: boolean
}

export type Write =
  | { readonly is: 'write'; readonly ticket: Ticket; readonly changes: readonly Change[] }
  /** Look whether it is there, by the plan's proof, before it is written again under other numbers. */
  | { readonly is: 'settle'; readonly ticket: Ticket }

export class Writing {
  readonly #queue = new Queue<Task>()
  #queuedBytes = 0
  /** What no disk has taken, by its kind. */
  readonly #open = new Map<Task['is'], Set<Task>>()
  #inFlight: InFlight | undefined
  #tickets = 0
  #failures = 0
  #retryAt: number | undefined

  get isEmpty(): boolean {
    return this.#queue.isEmpty && this.#inFlight === undefined
  }

  get isRefusing(): boolean {
    return this.#failures > 0
  }

  get isUnderWay(): boolean {
    return this.#inFlight !== undefined
  }

  /** Whether a batch may be there or not: what it holds must not go up under another number meanwhile. */
  get isInDoubt(): boolean {
    return this.#inFlight?.isInDoubt === true
  }

  get retryAt(): number | undefined {
    return this.#retryAt
  }

  /** Deliveries that no disk takes would fill the memory: the relay keeps them as well. [B1] */
  get isFull(): boolean {
    return this.#queuedBytes > unstoredBytesMax
  }

  has(is: Task['is']): boolean {
    return (this.#open.get(is)?.size ?? 0) > 0
  }

  /** Acknowledged entries of which the disk does not know it yet, in their order. */
  get unconfirmed(): readonly OutboxEntry[] {
    const entries = this.#openOf('acknowledge').flatMap((task) => task.entries)
    return [...new Set(entries)]
  }

  /** Entries that are on their way to the inbox. */
  get refused(): readonly OutboxEntry[] {
    return this.#openOf('refuse').flatMap((task) => task.refusals.map(({ entry }) => entry))
  }

  add(task: Task): void {
    this.#openAs(task.is).add(task)
    this.#queuedBytes += bytesOf(task)
    this.#queue.add(task, task.is === 'adopt' ? standsBehindHistory : undefined)
  }

  /** What was to be written before all that came since. */
  #putBack(tasks: readonly Task[]): void {
    for (const task of tasks.toReversed()) {
      this.#queuedBytes += bytesOf(task)
      this.#queue.addFirst(task)
    }
    if (!this.has('adopt')) return
    const queued = [...this.#queue]
    const begin = queued.findLastIndex(({ is }) => is === 'replace') + 1
    const adopts = queued.slice(begin).filter(({ is }) => is === 'adopt')
    for (const task of adopts) this.#queue.remove(task)
    for (const task of adopts) this.#queue.add(task, standsBehindHistory)
  }

  /** The next batch, if none is on its way and none has to wait. */
  next(now: number): Write | undefined {
    if (this.#retryAt !== undefined && now < this.#retryAt) return undefined
    if (this.#inFlight !== undefined) {
      if (this.#retryAt === undefined || !this.#inFlight.isInDoubt) return undefined
      this.#retryAt = undefined
      return { is: 'settle', ticket: this.#inFlight.ticket }
    }
    this.#retryAt = undefined
    const tasks = this.#takeBatch()
    const rendered = tasks.map((task) => ({ task, change: changeOf(task) }))
    const changes = rendered.flatMap(({ change }) => change ?? [])
    if (changes.length === 0) {
      // Overtaken: what was to be written was refused, or acknowledged, before it could be.
      this.#settle(tasks)
      return tasks.length === 0 ? undefined : this.next(now)
    }
    const appended = rendered.flatMap(({ task, change }) =>
      change?.type === 'append' && 'entry' in task ? [task.entry] : [],
    )
    this.#tickets += 1
    this.#inFlight = { ticket: this.#tickets, tasks, appended, changes, isInDoubt: false }
    return { is: 'write', ticket: this.#tickets, changes }
  }

  /** What has landed, or undefined if this answers a batch of another time. */
  landed(ticket: Ticket): Pick<InFlight, 'tasks' | 'appended' | 'changes'> | undefined {
    if (this.#inFlight?.ticket !== ticket) return undefined
    const landed = this.#inFlight
    this.#settle(landed.tasks)
    this.#inFlight = undefined
    this.#failures = 0
    this.#retryAt = undefined
    return landed
  }

  failed(ticket: Ticket, outcome: WriteOutcome, now: number): boolean {
    if (this.#inFlight?.ticket !== ticket) return false
    if (outcome === 'unknown') {
      this.#inFlight.isInDoubt = true
    } else {
      this.#putBack(this.#inFlight.tasks)
      this.#inFlight = undefined
    }
    this.#failures += 1
    this.#retryAt = now + Math.min(storeRetryMsMax, storeRetryMsMin * 2 ** Math.min(this.#failures - 1, 20))
    return true
  }

  /** There may be room again. */
  retry(now: number): void {
    if (this.#retryAt !== undefined) this.#retryAt = now
  }

  /** What was received and is on no disk: a Y.Doc that is made anew from rows has to be given it too. */
  unstoredUpdates(): readonly Uint8Array[] {
    const tasks = [...(this.#inFlight?.tasks ?? []), ...this.#queue]
    return tasks.flatMap((task) => {
      if (task.is === 'advance') return task.updates
      // What was acknowledged before any disk took it is in no outbox any more.
      return task.is === 'append' && task.entry.state === 'acknowledged' ? [task.entry.update] : []
    })
  }

  /**
   * Another tab leads: it will be told again what this one was told. Only what was made here stays to be written, and
   * an edit that was refused before any disk took it: nobody else knows of it. Returns those. [D3]
   */
  stepDown(now: number): readonly OutboxEntry[] {
    // A batch that any tab may write goes on to its answer: written again, its edits would be there twice.
    const isAnyTabs = this.#inFlight?.tasks.every(isAppending) === true
    const revived = this.refused.filter(({ sequence }) => sequence === undefined)
    if (!isAnyTabs && this.#inFlight !== undefined) {
      this.#putBack(this.#inFlight.tasks)
      this.#inFlight = undefined
    }
    const queued = [...this.#queue]
    for (const task of queued) if (!isAppending(task)) this.#drop(task)
    const appended = new Set(queued.map((task) => (task.is === 'append' ? task.entry : undefined)))
    for (const entry of revived) {
      entry.state = 'inMemory'
      if (!appended.has(entry)) this.add({ is: 'append', entry, at: now })
    }
    return revived
  }

  #takeBatch(): readonly Task[] {
    const tasks: Task[] = []
    let bytes = 0
    for (let task = this.#queue.first; task !== undefined; task = this.#queue.first) {
      const [first = task] = tasks
      // A replacement reads all rows that there are: what stands before it has to be there.
      if (first !== task && (task.is === 'replace' || first.is === 'replace')) break
      // What any tab may write may land after this one has stepped down, what only a leader may, perhaps not.
      if (isAppending(task) !== isAppending(first)) break
      bytes += bytesOf(task)
      if (tasks.length >= writeChangesMax || (tasks.length > 0 && bytes > writeBytesMax)) break
      tasks.push(task)
      this.#unqueue(task)
    }
    return tasks
  }

  #unqueue(task: Task): void {
    this.#queue.remove(task)
    this.#queuedBytes -= bytesOf(task)
  }

  #drop(task: Task): void {
    this.#unqueue(task)
    this.#settle([task])
  }

  #settle(tasks: readonly Task[]): void {
    for (const task of tasks) this.#openAs(task.is).delete(task)
  }

  #openAs(is: Task['is']): Set<Task> {
    const open = this.#open.get(is) ?? new Set()
    this.#open.set(is, open)
    return open
  }

  #openOf<Is extends Task['is']>(is: Is): (Task & { readonly is: Is })[] {
    return [...this.#openAs(is)].filter((task): task is Task & { readonly is: Is } => task.is === is)
  }
}

/** No row may be on the disk without the history that it was pushed into meanwhile. [E1] */
function standsBehindHistory({ is }: Task): boolean {
  return is !== 'replace' && is !== 'adopt'
}

function isAppending({ is }: Task): boolean {
  return is === 'append' || is === 'keep'
}

/** As it has to be now: an edit that went up from memory may be answered before a disk takes it. */
function changeOf(task: Task): Change | undefined {
  switch (task.is) {
    case 'append':
    case 'keep':
      return appendOf(task.entry, task.is === 'keep', task.at)
    case 'acknowledge': {
      const entries = task.entries
        // A fold may have put its snapshot where such a row was.
        .filter(({ sequence, isBornConfirmed }) => sequence !== undefined && !isBornConfirmed)
        .map((entry) => entry.kept())
      return { type: 'acknowledge', at: task.at, entries }
    }
    case 'refuse': {
      const refusals: Refusing[] = task.refusals.map((refusal) => ({
        ...refusal,
        entry: refusal.entry.kept(),
      }))
      return { type: 'refuse', at: task.at, refusals }
    }
    case 'adopt':
      return { type: 'adopt', epoch: task.epoch }
    case 'advance':
      return { type: 'advance', cursor: task.cursor, updates: task.updates }
    case 'replace': {
      const { epoch, cursor, updates, at } = task
      return { type: 'replace', epoch, cursor, updates, at }
    }
    case 'grant':
      return { type: 'grant', mayWrite: task.mayWrite }
    case 'compare':
      return { type: 'compare', compared: task.compared }
    default:
      return unreachable(task)
  }
}

function appendOf(entry: OutboxEntry, isKept: boolean, at: number): Change | undefined {
  if (entry.state === 'refused') return undefined
  if (entry.state === 'acknowledged') entry.isBornConfirmed = true
  const { made, counter, kind, update } = entry
  const pendingOrKept = isKept ? rowKind.kept : rowKind.pending
  const row = entry.state === 'acknowledged' ? rowKind.confirmed : pendingOrKept
  return { type: 'append', made, at, kind: row, counter, entry: kind, update }
}

function bytesOf(task: Task): number {
  if (task.is === 'append' || task.is === 'keep') return task.entry.update.length
  if (task.is !== 'advance' && task.is !== 'replace') return 0
  let bytes = 0
  for (const update of task.updates) bytes += update.length
  return bytes
}
