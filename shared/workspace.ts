// workspace.ts — those who asked which documents of a tenant changed since: each is told in bounded pages, and goes on
// to be told of commits if it follows. Knows: where each stands, what was committed a moment ago. Must not know: how the
// index is read, sockets, what a document holds. Nobody hears of a document that its grant may not read. [S1] [B1]
import type { Change } from './commit.ts'
import { documentStage } from './document-state.ts'
import { changedDocumentsMax, changesGatherMs } from './limits.ts'
import { right } from './message.ts'
import type { ChangedDocument, MessageOf } from './message.ts'
import type { LinkId } from './room-words.ts'
import { unreachable } from './unreachable.ts'
import type { Reader, WorkspaceCursors } from './workspace-cursor.ts'

/** What a checked token allows, as far as lists need it. */
export type ReadingGrant = Reader & { readonly rightsOf: (document: string) => number | undefined }

export type WorkspaceInput =
  /** Another one of the same link takes its place. */
  | {
      readonly type: 'changesAsked'
      readonly link: LinkId
      readonly cursor: Uint8Array
      readonly follow: boolean
      /** Only the first message is wanted: its cursor goes on behind what it lists. */
      readonly onePage?: true
      readonly grant: ReadingGrant
    }
  | { readonly type: 'grantChanged'; readonly link: LinkId; readonly grant: ReadingGrant }
  | {
      readonly type: 'changesRead'
      readonly link: LinkId
      readonly changes: readonly Change[]
      readonly isEnd: boolean
    }
  /** The grant now knows its rights to what it was asked about, or whoever knows does not say. */
  | { readonly type: 'rightsLearnt'; readonly link: LinkId }
  | { readonly type: 'filled' | 'drained' | 'left'; readonly link: LinkId }
  /** There is no time for lists, or there is again. */
  | { readonly type: 'held'; readonly isHeld: boolean }
  | { readonly type: 'woken' }

export type WorkspaceEffect =
  | { readonly type: 'tell'; readonly link: LinkId; readonly message: MessageOf<'changed'> }
  /** A page of the index, in order, after one position through another. */
  | { readonly type: 'readChanges'; readonly link: LinkId; readonly after: number; readonly through: number }
  /** Somebody has to be asked what the grant allows there. */
  | { readonly type: 'learnRights'; readonly link: LinkId; readonly documents: readonly string[] }
  | { readonly type: 'wakeAt'; readonly time: number }

type Page = { readonly changes: readonly Change[]; readonly isEnd: boolean }

type Progress =
  /** Is told the index after `at` through here. */
  | {
      readonly is: 'listing'
      readonly full: boolean
      readonly through: number
      /** It was asked for, or a part of it was told: it has to end with a word, whatever that holds. */
      readonly isAwaited: boolean
      /** Read, and its rights are being asked for. */
      readonly page: Page | undefined
    }
  /** Was told all through `at`. */
  | { readonly is: 'following' }

type Follower = {
  readonly link: LinkId
  grant: ReadingGrant
  readonly follows: boolean
  readonly isOnePage: boolean
  at: number
  progress: Progress
  /** One answer at a time is on its way to it, also where it is not wanted any more. */
  awaits: 'nothing' | 'answer' | 'staleAnswer'
  isFull: boolean
}

export class Workspace {
  readonly #cursors: WorkspaceCursors
  readonly #head: () => number
  readonly #emit: (effect: WorkspaceEffect) => void
  readonly #followers = new Map<LinkId, Follower>()
  /** Of them, those who go on to be told: each commit asks. */
  #followingCount = 0
  /** What was committed after `#newsFrom`, each document once. */
  readonly #news = new Map<string, Change>()
  #newsFrom = 0
  #tellsAt: number | undefined
  #isHeld = false

  constructor(cursors: WorkspaceCursors, head: () => number, emit: (effect: WorkspaceEffect) => void) {
    this.#cursors = cursors
    this.#head = head
    this.#emit = emit
  }

  /** The log was read: nothing before its head is news. */
  opened(): void {
    this.#newsFrom = this.#head()
  }

  take(input: WorkspaceInput, now: number): void {
    switch (input.type) {
      case 'changesAsked':
        return this.#ask(input, now)
      case 'woken':
        return this.#tellNews(now)
      case 'held':
        return this.#hold(input.isHeld, now)
      case 'changesRead':
      case 'rightsLearnt':
      case 'grantChanged':
      case 'filled':
      case 'drained':
      case 'left': {
        const follower = this.#followers.get(input.link)
        return follower === undefined ? undefined : this.#takeOf(follower, input, now)
      }
      default:
        return unreachable(input)
    }
  }

  #takeOf(
    follower: Follower,
    input: Exclude<WorkspaceInput, { type: 'changesAsked' | 'woken' | 'held' }>,
    now: number,
  ): void {
    switch (input.type) {
      case 'changesRead':
        return this.#answered(follower, { changes: input.changes, isEnd: input.isEnd }, now)
      case 'rightsLearnt':
        return this.#answered(follower, undefined, now)
      case 'grantChanged':
        return this.#changeGrant(follower, input.grant, now)
      case 'filled':
        follower.isFull = true
        return undefined
      case 'drained':
        follower.isFull = false
        return this.#goOn(follower, now)
      case 'left':
        return this.#forget(follower)
      default:
        return unreachable(input)
    }
  }

  /** After these commits the log stands at the head. */
  committed(changes: readonly Change[], now: number): void {
    const isFollowed = this.#followingCount > 0
    if (isFollowed) for (const change of changes) this.#news.set(change.document, change)
    // Past it the index tells, page by page. [B1]
    if (!isFollowed || this.#news.size > changedDocumentsMax) this.#forgetNews()
    if (isFollowed) this.#tellSoon(now)
  }

  #ask(
    { link, cursor, follow, onePage, grant }: WorkspaceInput & { type: 'changesAsked' },
    now: number,
  ): void {
    const before = this.#followers.get(link)
    const follower: Follower = {
      link,
      grant,
      follows: follow,
      isOnePage: onePage ?? false,
      at: 0,
      progress: { is: 'following' },
      awaits: before === undefined || before.awaits === 'nothing' ? 'nothing' : 'staleAnswer',
      isFull: before?.isFull ?? false,
    }
    if (before !== undefined) this.#forget(before)
    this.#followers.set(link, follower)
    if (follow) this.#followingCount += 1
    const position = this.#cursors.positionOf(cursor, grant)
    this.#list(follower, position ?? 0, { full: position === undefined, isAwaited: true }, now)
  }

  /** What other rights there are now, only the whole list can tell. */
  #changeGrant(follower: Follower, grant: ReadingGrant, now: number): void {
    const isSame = grant.rightsVersion === follower.grant.rightsVersion
    follower.grant = grant
    if (isSame) return
    if (follower.awaits === 'answer') follower.awaits = 'staleAnswer'
    this.#list(follower, 0, { full: true, isAwaited: true }, now)
  }

  #list(
    follower: Follower,
    after: number,
    how: { readonly full: boolean; readonly isAwaited: boolean },
    now: number,
  ): void {
    follower.at = after
    follower.progress = { is: 'listing', ...how, through: this.#head(), page: undefined }
    this.#goOn(follower, now)
  }

  #answered(follower: Follower, read: Page | undefined, now: number): void {
    const isStale = follower.awaits === 'staleAnswer'
    follower.awaits = 'nothing'
    const { progress } = follower
    if (!isStale && progress.is === 'listing') {
      const page = read ?? progress.page
      if (page !== undefined) return this.#turnPage(follower, progress, page, read !== undefined, now)
    }
    return this.#goOn(follower, now)
  }

  #turnPage(
    follower: Follower,
    progress: Progress & { is: 'listing' },
    page: Page,
    mayAsk: boolean,
    now: number,
  ): void {
    const unknown = mayAsk ? page.changes.filter((change) => isUnknown(change, follower.grant)) : []
    if (unknown.length > 0) {
      follower.progress = { ...progress, page }
      follower.awaits = 'answer'
      const documents = unknown.map(({ document }) => document)
      return this.#emit({ type: 'learnRights', link: follower.link, documents })
    }
    const { full, through } = progress
    const more = !page.isEnd
    follower.at = more ? (page.changes.at(-1)?.position ?? through) : through
    const documents = page.changes.flatMap((change) => listed(change, follower.grant, full))
    const isTold = documents.length > 0 || (progress.isAwaited && !more)
    if (isTold) this.#tell(follower, documents, { full, more })
    if (isTold && follower.isOnePage) return this.#forget(follower)
    const isAwaited = progress.isAwaited || isTold
    follower.progress = more ? { ...progress, isAwaited, page: undefined } : { is: 'following' }
    return this.#goOn(follower, now)
  }

  #goOn(follower: Follower, now: number): void {
    const { progress, link, at } = follower
    if (follower.awaits !== 'nothing' || follower.isFull || this.#isHeld) return
    if (progress.is === 'listing') {
      follower.awaits = 'answer'
      return this.#emit({ type: 'readChanges', link, after: at, through: progress.through })
    }
    if (!follower.follows) {
      this.#forget(follower)
    } else if (at < this.#newsFrom) {
      this.#list(follower, at, { full: false, isAwaited: false }, now)
    } else if (at < this.#head()) {
      this.#tellSoon(now)
    }
    return undefined
  }

  #forget({ link, follows }: Follower): void {
    this.#followers.delete(link)
    if (follows) this.#followingCount -= 1
  }

  #hold(isHeld: boolean, now: number): void {
    this.#isHeld = isHeld
    if (isHeld) return
    for (const follower of this.#followers.values()) this.#goOn(follower, now)
    this.#tellNews(now)
  }

  // News.

  #tellSoon(now: number): void {
    if (this.#tellsAt !== undefined) return
    this.#tellsAt = now + changesGatherMs
    this.#emit({ type: 'wakeAt', time: this.#tellsAt })
  }

  /** Who stands where the news begins, or later, needs no reading of the index. */
  #tellNews(now: number): void {
    if (this.#isHeld || this.#tellsAt === undefined || now < this.#tellsAt) return
    this.#tellsAt = undefined
    const news = [...this.#news.values()].toSorted((one, other) => one.position - other.position)
    const head = this.#head()
    for (const follower of this.#followers.values()) {
      if (follower.progress.is === 'listing' || follower.isFull || follower.at >= head) continue
      const fresh = news.filter(({ position }) => position > follower.at)
      if (follower.at < this.#newsFrom || fresh.some((change) => isUnknown(change, follower.grant))) {
        this.#list(follower, follower.at, { full: false, isAwaited: false }, now)
        continue
      }
      follower.at = head
      const documents = fresh.flatMap((change) => listed(change, follower.grant, false))
      if (documents.length > 0) this.#tell(follower, documents, { full: false, more: false })
    }
    this.#forgetNews()
  }

  #forgetNews(): void {
    this.#news.clear()
    this.#newsFrom = this.#head()
  }

  // Telling.

  #tell(
    { link, grant, at, isOnePage }: Follower,
    documents: readonly ChangedDocument[],
    { full, more }: { full: boolean; more: boolean },
  ): void {
    const cursor = more && !isOnePage ? new Uint8Array() : this.#cursors.make(grant, at)
    this.#emit({ type: 'tell', link, message: { type: 'changed', full, more, documents, cursor } })
  }
}

function isUnknown({ document }: Change, { rightsOf }: ReadingGrant): boolean {
  return rightsOf(document) === undefined
}

/** Of what was purged only those hear who may have it; the full list is of what there is. */
function listed(
  { document, epoch, position, stage }: Change,
  { rightsOf }: ReadingGrant,
  full: boolean,
): readonly ChangedDocument[] {
  const rights = rightsOf(document) ?? 0
  if ((rights & right.read) === 0) return []
  if (stage === documentStage.live) return [{ document, epoch, position, rights }]
  return full ? [] : [{ document, epoch, position, rights: 0 }]
}
