// opened-document.ts — a document as an application holds it: its Y.Doc, its status, whether it is saved. Knows: the public
// words. Must not know: machines, stores. One object for each opening, so that each closes once.
import type { Awareness } from 'y-protocols/awareness'
import type * as Y from 'yjs'
import type { DocumentStatus, WaitReason } from '../shared/replica-status.ts'
import type { RestReason } from '../shared/replica-words.ts'
import type { Observable } from './observed.ts'
import type { OpenDocument } from './open-document.ts'
import type { WorkspaceStatus } from './workspace.ts'

/** `isSaved`: the relay has everything on its disk. Else why it cannot be had now; `editsRefused`: without a person never. */
export type Saved = { readonly isSaved: true } | { readonly isSaved: false; readonly reason: NotSaved }

type NotSaved = WaitReason | RestReason | 'editsRefused' | 'relayAway' | 'closed'

export interface SynclineDocument {
  readonly name: string
  /** Usable at once. What the device keeps appears in it when `loaded` resolves. */
  readonly doc: Y.Doc
  readonly awareness: Awareness
  /** What this device keeps of the document is in `doc`. */
  readonly loaded: Promise<void>
  readonly status: Observable<DocumentStatus>
  /** Answers when everything typed so far is on the relay's disk, or at once when that cannot be had now. */
  saved(): Promise<Saved>
  /** Calls back when `doc` and `awareness` are others than before: an edit was refused, or the document replaced. */
  onRebuilt(listener: (doc: Y.Doc) => void): () => void
  /** Resolves when nothing is in memory alone. What the relay lacks still goes to it. */
  close(): Promise<void>
}

/** Beyond this nobody waits for a relay that may answer or not. */
const savedMsMax = 30_000

export class OpenedDocument implements SynclineDocument {
  readonly name: string
  readonly loaded: Promise<void>
  readonly status: Observable<DocumentStatus>
  readonly #document: OpenDocument
  readonly #workspace: Observable<WorkspaceStatus>
  readonly #close: () => Promise<void>
  #closing: Promise<void> | undefined

  constructor(document: OpenDocument, workspace: Observable<WorkspaceStatus>, close: () => Promise<void>) {
    this.name = document.name
    this.loaded = document.loaded
    this.status = document.status
    this.#document = document
    this.#workspace = workspace
    this.#close = close
  }

  get doc(): Y.Doc {
    return this.#document.doc
  }

  get awareness(): Awareness {
    return this.#document.awareness
  }

  onRebuilt(listener: (doc: Y.Doc) => void): () => void {
    return this.#document.onRebuilt(listener)
  }

  saved(): Promise<Saved> {
    return new Promise((resolve) => {
      const look = (): void => {
        const answer = savedOrWhyNot(this.status.current, this.#workspace.current)
        if (answer !== undefined) end(answer)
      }
      const stops = [this.status.subscribe(look), this.#workspace.subscribe(look)]
      const timer = setTimeout(() => end({ isSaved: false, reason: 'answer' }), savedMsMax)
      const end = (answer: Saved): void => {
        for (const stop of stops) stop()
        clearTimeout(timer)
        resolve(answer)
      }
      look()
    })
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }
}

/** Undefined: it is under way. */
function savedOrWhyNot(
  { isSaved, phase, waitingFor, inMemory, pending, refused }: DocumentStatus,
  workspace: WorkspaceStatus,
): Saved | undefined {
  if (isSaved) return { isSaved: true }
  if (refused > 0 && inMemory + pending === 0 && phase !== 'loading')
    return { isSaved: false, reason: 'editsRefused' }
  if (workspace.phase === 'closed') return { isSaved: false, reason: 'closed' }
  // The application is being asked for a token.
  if (workspace.reason === 'tokenMissing' && workspace.tokenError === undefined) return undefined
  if (workspace.reason !== undefined) return { isSaved: false, reason: workspace.reason }
  if (workspace.phase === 'waiting') return { isSaved: false, reason: 'relayAway' }
  if (phase === 'closed' && waitingFor !== undefined) return { isSaved: false, reason: waitingFor }
  return undefined
}
