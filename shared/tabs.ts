// tabs.ts — one tab among several that share a store: what it has read of each document's rows, and whether it leads.
// Knows: sequences, generations, the term. Must not know: rows' insides, channels, locks, sockets.
//
// A broadcast is a hint and nothing more: it says that there is something to read, never what was read. It may come
// late, twice, or not at all (a frozen tab hears none), so that taking the lead, thawing and being shown read without
// one. The term is the fence: a leader that was frozen writes under an old one, fails, and steps down.
import type { NumberedRow } from './replica-batches.ts'
import type { Head } from './replica-records.ts'
import { unreachable } from './unreachable.ts'

export type TabInput =
  /** The Y.Doc was made of all rows that the head names. */
  | { readonly type: 'documentLoaded'; readonly document: string; readonly head: Head }
  | { readonly type: 'documentClosed'; readonly document: string }
  | {
      readonly type: 'hinted'
      readonly document: string
      readonly last: number
      readonly generation: number
    }
  /** All rows after what was asked for, and the head, of one moment. */
  | {
      readonly type: 'rowsRead'
      readonly document: string
      readonly after: number
      readonly rows: readonly NumberedRow[]
      readonly head: Head
    }
  | { readonly type: 'readFailed'; readonly document: string }
  /** A batch of this tab landed on a head whose last row was `after`. */
  | {
      readonly type: 'committed'
      readonly document: string
      readonly after: number
      readonly head: Head
    }
  /** It was frozen, or in the background: who knows what it did not hear. */
  | { readonly type: 'thawed' }
  | { readonly type: 'shown' }
  | { readonly type: 'woken' }
  | { readonly type: 'leadershipWon' }
  /** There are no Web Locks: this tab is a replica of its own, with a store of its own. */
  | { readonly type: 'locksMissing' }
  | { readonly type: 'termClaimed'; readonly term: number }
  /** Another tab claimed at the same time, and comes first. */
  | { readonly type: 'claimFailed' }
  | { readonly type: 'leadershipLost' }
  /** A write of this tab found that another term has begun. */
  | { readonly type: 'fenced' }
  /** A tab took the lead and asks which documents the others have open. */
  | { readonly type: 'rollCalled' }

export type TabEffect =
  | { readonly type: 'readRows'; readonly document: string; readonly after: number }
  /** To the tab's Replica, as the document's `rowsRead`. */
  | {
      readonly type: 'tellRows'
      readonly document: string
      readonly rows: readonly NumberedRow[]
      readonly head: Head
    }
  /** Broadcast, after the commit. */
  | { readonly type: 'hint'; readonly document: string; readonly last: number; readonly generation: number }
  | { readonly type: 'claimTerm' }
  /** Tell the Replica `led`, and write with this term from now on. */
  | { readonly type: 'lead'; readonly term: number; readonly isAlone: boolean }
  | { readonly type: 'stepDown' }
  /** So that another tab can lead, if this one still holds the lock. */
  | { readonly type: 'releaseLock' }
  | { readonly type: 'callRoll' }
  | { readonly type: 'answerRoll'; readonly documents: readonly string[] }
  | { readonly type: 'wakeAt'; readonly time: number }

type Followed = {
  through: number
  generation: number
  reading: 'no' | 'yes' | 'andAgain'
  readAgainAt: number | undefined
}

export type Leading =
  | { readonly is: 'following' }
  | { readonly is: 'claiming'; readonly isAlone: boolean }
  | { readonly is: 'leading'; readonly term: number; readonly isAlone: boolean }

type Meanings = Readonly<Record<TabInput['type'], 'take' | 'pass'>>

const following: Meanings = {
  documentLoaded: 'take',
  documentClosed: 'take',
  hinted: 'take',
  rowsRead: 'take',
  readFailed: 'take',
  committed: 'take',
  thawed: 'take',
  shown: 'take',
  woken: 'take',
  leadershipWon: 'take',
  locksMissing: 'take',
  leadershipLost: 'take',
  fenced: 'take',
  rollCalled: 'take',
  termClaimed: 'pass',
  claimFailed: 'pass',
}

/**
 * A claim that comes back when it is wanted no more leads nobody. A write of an old term that fails while the next one is
 * being claimed says what is known: to step down for it would leave the lock with a tab that does not lead. [L1]
 */
export const meanings: Readonly<Record<Leading['is'], Meanings>> = {
  following,
  claiming: { ...following, termClaimed: 'take', claimFailed: 'take', fenced: 'pass' },
  leading: { ...following, leadershipWon: 'pass', locksMissing: 'pass' },
}

/** A store that could not be read is asked again. */
const readAgainMs = 1_000

export class Tab {
  readonly #documents = new Map<string, Followed>()
  #leading: Leading = { is: 'following' }
  #effects: TabEffect[] = []

  get leading(): Leading {
    return this.#leading
  }

  step(input: TabInput, now: number): readonly TabEffect[] {
    this.#effects = []
    if (meanings[this.#leading.is][input.type] === 'take') this.#take(input, now)
    return this.#effects
  }

  #take(input: TabInput, now: number): void {
    switch (input.type) {
      case 'documentLoaded': {
        const { last, generation } = input.head
        const followed: Followed = { through: last, generation, reading: 'no', readAgainAt: undefined }
        this.#documents.set(input.document, followed)
        return
      }
      case 'documentClosed':
        this.#documents.delete(input.document)
        return
      case 'hinted': {
        const followed = this.#documents.get(input.document)
        if (followed === undefined) return
        const hasNews = input.last > followed.through || input.generation !== followed.generation
        if (hasNews) this.#read(input.document, followed)
        return
      }
      case 'rowsRead':
        return this.#rowsRead(input)
      case 'readFailed':
        return this.#readFailed(input.document, now)
      case 'committed':
        return this.#committed(input)
      case 'thawed':
      case 'shown':
        return this.#readAll()
      case 'woken':
        for (const [document, followed] of this.#documents) {
          if (followed.readAgainAt !== undefined && now >= followed.readAgainAt)
            this.#read(document, followed)
        }
        return
      case 'leadershipWon':
      case 'locksMissing':
        this.#leading = { is: 'claiming', isAlone: input.type === 'locksMissing' }
        this.#effects.push({ type: 'claimTerm' })
        return
      case 'termClaimed':
        return this.#lead(input.term)
      case 'claimFailed':
        // Whoever comes first may be gone already: as long as this tab holds the lock, the next term is its own.
        this.#effects.push({ type: 'claimTerm' })
        return
      case 'leadershipLost':
        return this.#stepDown()
      case 'fenced':
        return this.#fenced()
      case 'rollCalled':
        this.#effects.push({ type: 'answerRoll', documents: [...this.#documents.keys()] })
        return
      default:
        unreachable(input)
    }
  }

  #lead(term: number): void {
    if (this.#leading.is !== 'claiming') return
    const { isAlone } = this.#leading
    this.#leading = { is: 'leading', term, isAlone }
    // What the last leader still wrote was hinted to nobody if it was killed.
    this.#readAll()
    this.#effects.push({ type: 'lead', term, isAlone }, { type: 'callRoll' })
  }

  #fenced(): void {
    if (this.#leading.is === 'leading') this.#effects.push({ type: 'releaseLock' })
    this.#stepDown()
  }

  #stepDown(): void {
    const wasLeading = this.#leading.is === 'leading'
    this.#leading = { is: 'following' }
    if (wasLeading) this.#effects.push({ type: 'stepDown' })
    this.#readAll()
  }

  #readAll(): void {
    for (const [document, followed] of this.#documents) this.#read(document, followed)
  }

  #read(document: string, followed: Followed): void {
    followed.readAgainAt = undefined
    if (followed.reading !== 'no') {
      // What is being read may be of before this.
      followed.reading = 'andAgain'
      return
    }
    followed.reading = 'yes'
    this.#effects.push({ type: 'readRows', document, after: followed.through })
  }

  #rowsRead({ document, after, rows, head }: TabInput & { type: 'rowsRead' }): void {
    const followed = this.#documents.get(document)
    if (followed === undefined) return
    const isAgain = followed.reading === 'andAgain'
    followed.reading = 'no'
    const hasNews = rows.length > 0 || head.generation !== followed.generation
    // Only who leads begins a generation: this tab was frozen, and pushes what another has had refused meanwhile.
    if (this.#leading.is === 'leading' && head.generation > followed.generation) this.#fenced()
    // Own rows may have landed meanwhile: these then are of before, and nothing between is missing.
    if (after <= followed.through && head.last >= followed.through) followed.through = head.last
    followed.generation = Math.max(followed.generation, head.generation)
    if (hasNews) this.#effects.push({ type: 'tellRows', document, rows, head })
    if (isAgain) this.#read(document, followed)
  }

  #readFailed(document: string, now: number): void {
    const followed = this.#documents.get(document)
    if (followed === undefined) return
    followed.reading = 'no'
    followed.readAgainAt = now + readAgainMs
    this.#effects.push({ type: 'wakeAt', time: followed.readAgainAt })
  }

  #committed({ document, after, head }: TabInput & { type: 'committed' }): void {
    const { last, generation } = head
    this.#effects.push({ type: 'hint', document, last, generation })
    const followed = this.#documents.get(document)
    if (followed === undefined) return
    followed.generation = Math.max(followed.generation, generation)
    // Rows of other tabs lie between what was read and what was written: to have written is not to have read.
    if (after === followed.through) followed.through = last
    else if (last > followed.through) this.#read(document, followed)
  }
}
