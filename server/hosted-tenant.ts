// hosted-tenant.ts — one tenant at work: what its machine asks for is performed, and the machine is told what came of it.
// Knows: the tenant's machine, its disk, which link is on which connection. Must not know: records, real sockets, clocks.
import type { Sizes } from '../shared/limits.ts'
import type { Joins } from '../shared/joins.ts'
import type { Overload } from '../shared/overload.ts'
import type { HistoryPlace } from '../shared/record-keys.ts'
import type { LinkId, RoomEffect, RoomInput } from '../shared/room-words.ts'
import { Tenant } from '../shared/tenant.ts'
import type { TenantEffect, TenantInput } from '../shared/tenant-words.ts'
import { unreachable } from '../shared/unreachable.ts'
import type { WorkspaceEffect, WorkspaceInput } from '../shared/workspace.ts'
import type { AllWaiting } from './all-waiting.ts'
import type { Connections } from './connections.ts'
import { isDamage } from './damage-notice.ts'
import type { NoticeCode } from './notice.ts'
import type { LogViews } from './log-views.ts'
import type { Replacements } from './replacements.ts'
import type { LinkWork, RoomWork } from './room-work.ts'
import { TenantDisk } from './tenant-disk.ts'
import type { TenantDiskParts } from './tenant-disk.ts'
import { WorkError } from './workshop.ts'

/** What all tenants of a host have in common. */
export type HostParts = TenantDiskParts & {
  /** What seals are made with. */
  readonly key: Uint8Array
  readonly sizes: Sizes
  readonly views: LogViews
  readonly work: RoomWork
  readonly connections: Connections
  readonly replacements: Replacements
  readonly waiting: AllWaiting
  readonly overload: Overload
  readonly joins: Joins
  readonly nextRoom: () => number
  /** A disk is told of once, however many tenants meet it. */
  readonly diskSaidReady: (tenant: HostedTenant, ready: boolean) => void
  readonly diskWrote: () => void
  /** The log on the disk is not the one that this tenant wrote or read. */
  readonly headDiffers: (tenant: string) => void
  /** Nothing is heard any more. */
  readonly isClosed: () => boolean
}

const noticeCodeOf = {
  digestDiffered: 'digest-differed',
  heldBackForgotten: 'held-back-forgotten',
  answerForgotten: 'answer-forgotten',
} as const satisfies Record<(RoomEffect & { readonly type: 'notice' })['what'], NoticeCode>

export class HostedTenant {
  readonly machine: Tenant
  readonly disk: TenantDisk
  /** The disk refused, and has not written since. */
  isRefused = false
  readonly #name: string
  readonly #parts: HostParts
  #isTurnEnding = false
  #isOver = false
  /** Of what waits for the disk, as all know it. */
  #waitingBytes = 0
  #isPerforming = false
  /** Links that have another turn once all is performed: from inside, each would be a step within the one before. */
  #goingOn: { readonly history: HistoryPlace; readonly link: LinkId }[] = []

  constructor(name: string, parts: HostParts) {
    const { options, key, sizes, overload, joins, nextRoom } = parts
    this.#name = name
    this.#parts = parts
    this.machine = new Tenant({
      name,
      key,
      nextRoom,
      isJudged: () => false,
      documentBytesMax: sizes.documentBytesMax,
      classOf: (document) => options.classOf?.(name, document) ?? 'normal',
      overload,
      joins,
    })
    this.disk = new TenantDisk(
      name,
      parts,
      (input) => {
        this.step(input)
        if (input.type === 'written') parts.diskWrote()
      },
      () => this.#headDiffers(),
    )
  }

  /** From here on its machine answers; what is said to it before waits. */
  begin(): void {
    this.disk.readTenant()
    if (this.#parts.overload.isShed('bulk')) this.askWorkspace({ type: 'held', isHeld: true })
  }

  /** What it knows may be of a store that is no more: it hears nothing from here on. */
  end(): void {
    this.#isOver = true
    this.#parts.connections.hold(this.#name, false)
    this.#weigh(0)
  }

  askWorkspace(input: WorkspaceInput): void {
    this.step({ type: 'workspace', input })
  }

  step(input: TenantInput): void {
    const { options, connections, isClosed } = this.#parts
    if (isClosed() || this.#isOver) return
    const effects = this.machine.step(input, options.now())
    this.#weigh(this.machine.waitingBytes)
    if (effects.length > 0) connections.step(() => this.#performAll(effects))
    if (this.#isTurnEnding || input.type === 'turnEnded' || !this.machine.hasToWrite) return
    this.#isTurnEnding = true
    options.turnEnds(
      () => {
        this.#isTurnEnding = false
        this.step({ type: 'turnEnded' })
      },
      () => this.machine.waiting,
    )
  }

  #weigh(bytes: number): void {
    if (bytes === this.#waitingBytes) return
    this.#parts.waiting.changedBy(bytes - this.#waitingBytes)
    this.#waitingBytes = bytes
  }

  /** What it was told of the disk is not so: another takes its place. */
  #headDiffers(): void {
    const { isClosed, headDiffers } = this.#parts
    if (!isClosed() && !this.#isOver) headDiffers(this.#name)
  }

  #performAll(effects: readonly TenantEffect[]): void {
    const isWithinAnother = this.#isPerforming
    this.#isPerforming = true
    for (const effect of effects) this.#perform(effect)
    if (isWithinAnother) return
    // There are more of them at its end than at its beginning.
    for (const { history, link } of this.#goingOn) this.#performed(history, { type: 'wentOn', link })
    this.#goingOn = []
    this.#isPerforming = false
  }

  #perform(effect: TenantEffect): void {
    const { views, replacements, options, connections, diskSaidReady } = this.#parts
    const tenant = this.#name
    switch (effect.type) {
      case 'write':
        return this.disk.write(effect)
      case 'readDocument':
        return this.disk.readDocument(effect.document)
      case 'forgetDocument':
        return views.forget({ tenant, document: effect.document })
      case 'perform': {
        const { document, epoch } = effect
        return this.#performForRoom({ tenant, document, epoch }, effect.effect)
      }
      case 'workspace':
        return this.#performForWorkspace(effect.effect)
      case 'replaced':
        return replacements.done(effect.request)
      case 'cleanUp':
        return this.disk.cleanUp({ tenant, document: effect.document, epoch: effect.epoch })
      case 'wakeAt':
        return options.wakeAt(effect.time)
      case 'sayReady':
        return diskSaidReady(this, effect.ready)
      case 'holdSockets':
        return connections.hold(this.#name, effect.hold)
      default:
        return unreachable(effect)
    }
  }

  // Rooms.

  #performForRoom(history: HistoryPlace, effect: RoomEffect): void {
    const { options, connections, work } = this.#parts
    switch (effect.type) {
      case 'tell':
        return connections.owner(effect.link)?.told(effect.link, effect.message)
      case 'tellAll':
        for (const link of effect.links) connections.owner(link)?.told(link, effect.message)
        return undefined
      case 'echo':
        return connections.owner(effect.link)?.echoed(effect.link, effect.update)
      case 'stale':
        return connections.owner(effect.link)?.stale?.()
      case 'close':
        return connections.owner(effect.link)?.closed(effect)
      case 'readRows':
      case 'readPieces':
      case 'makeDifference':
        return this.#answerLink(history, effect)
      case 'gather':
        return options.soon(effect.ms, () => this.#performed(history, { type: 'gathered' }))
      case 'goOn':
        this.#goingOn.push({ history, link: effect.link })
        return undefined
      case 'makeDigest':
        return this.#answer(history, work.digest(history, effect.position), {
          type: 'digestFailed',
          position: effect.position,
        })
      case 'makeFold':
        return this.#answer(history, work.fold(history, effect.through), {
          type: 'foldEnded',
          succeeded: false,
        })
      case 'dropFolded':
        return this.#answer(history, work.dropFolded(history, effect), {
          type: 'foldEnded',
          succeeded: false,
        })
      case 'judge':
        return this.#performed(history, { type: 'judged', refusal: undefined })
      case 'notice': {
        const { tenant, document } = history
        return options.report({ code: noticeCodeOf[effect.what], tenant, document })
      }
      default:
        throw new Error(`A tenant performs «${effect.type}» itself.`)
    }
  }

  /** What came of an effect: of a history that is no more meanwhile, nothing comes. [E1] */
  #performed({ document, epoch }: HistoryPlace, input: RoomInput): void {
    this.step({ type: 'performed', document, epoch, input })
  }

  #answerLink(history: HistoryPlace, effect: LinkWork): void {
    const { work, connections, fail } = this.#parts
    work.forLink(history, effect).then(
      (input) => this.#performed(history, input),
      (cause: unknown) => {
        const { tenant, document } = history
        const { link } = effect
        // What a Y.Doc cannot tell, the log itself can: there is more of it, and it does no harm.
        if (cause instanceof WorkError) return this.#performed(history, { type: 'differenceFailed', link })
        const { trace } = connections.owner(link) ?? {}
        fail({ code: 'link-unanswered', tenant, document, trace, cause })
        if (isDamage(cause)) return this.#performed(history, { type: 'damaged' })
        return connections.owner(link)?.failed()
      },
    )
  }

  #answer(history: HistoryPlace, work: Promise<RoomInput>, failure: RoomInput): void {
    const { fail, meters } = this.#parts
    work.then(
      (input) => this.#performed(history, input),
      (cause: unknown) => {
        const { tenant, document } = history
        fail({ code: 'work-failed', tenant, document, cause })
        if (failure.type === 'foldEnded') meters.foldsFailed++
        this.#performed(history, failure)
        if (isDamage(cause)) this.#performed(history, { type: 'damaged' })
      },
    )
  }

  // The workspace.

  #performForWorkspace(effect: Exclude<WorkspaceEffect, { readonly type: 'wakeAt' }>): void {
    const { store, connections } = this.#parts
    const { link } = effect
    switch (effect.type) {
      case 'tell':
        return connections.owner(link)?.told(link, effect.message)
      case 'readChanges':
        return this.#answerWorkspace(link, async () => {
          const { after, through } = effect
          return { type: 'changesRead', link, ...(await store.readChanges(this.#name, after, through)) }
        })
      case 'learnRights':
        return this.#answerWorkspace(link, async () => {
          await connections.owner(link)?.learnRights(effect.documents)
          return { type: 'rightsLearnt', link }
        })
      default:
        return unreachable(effect)
    }
  }

  #answerWorkspace(link: LinkId, work: () => Promise<WorkspaceInput>): void {
    const { connections, fail } = this.#parts
    work().then(
      (input) => this.askWorkspace(input),
      (cause: unknown) => {
        fail({ code: 'link-unanswered', tenant: this.#name, cause })
        connections.owner(link)?.failed()
      },
    )
  }
}
