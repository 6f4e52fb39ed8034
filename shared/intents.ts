// intents.ts — what rooms want written, and the one commit that a turn's wishes make. Knows: positions, where each
// document's log will stand. Must not know: rooms, the disk. A wish is of one history: if the document was replaced
// before it, in this very commit even, it is of nothing any more. [E1]
import type { Claim } from './claims.ts'
import type { Beginning, Commit, CommittedRow } from './commit.ts'
import type { DocumentStage, DocumentState } from './document-state.ts'
import { equalBytes } from './equal-bytes.ts'
import type { KeptAnswer, PushId, RoomEffect } from './room-words.ts'
import { emptyUpdate } from './stock-wire.ts'
import { unreachable } from './unreachable.ts'

/** A history that takes the place of another: with this content, or with none and its name says that it is gone. */
export type Replacement = {
  readonly epoch: Uint8Array
  readonly stage: DocumentStage
  readonly pieces: readonly Uint8Array[]
}

/** In the order in which they were asked for; `epoch` is that of the history which they are of. */
export type Intent = { readonly document: string; readonly epoch: Uint8Array } & (
  | { readonly is: 'append'; readonly effect: RoomEffect & { readonly type: 'append' } }
  | { readonly is: 'keep'; readonly answer: KeptAnswer }
  | { readonly is: 'forget'; readonly ids: readonly PushId[] }
  | {
      readonly is: 'fold'
      readonly through: number
      readonly servedFrom: number
      readonly claims: readonly Claim[]
    }
  | { readonly is: 'replace'; readonly by: Replacement }
)

export function commitOf(
  intents: readonly Intent[],
  headWas: number,
  stateOf: (document: string) => DocumentState,
): Commit {
  const planning = new Planning(headWas, stateOf)
  for (const intent of intents) planning.add(intent)
  return planning.commit()
}

class Planning {
  readonly #headWas: number
  readonly #stateOf: (document: string) => DocumentState
  #head: number
  readonly #before = new Map<string, DocumentState>()
  readonly #after = new Map<string, DocumentState>()
  readonly #rows: CommittedRow[] = []
  readonly #keep: Commit['keep'][number][] = []
  readonly #forget: Commit['forget'][number][] = []
  readonly #claims: Commit['claims'][number][] = []
  readonly #begin: Beginning[] = []
  readonly #cleanUp: Commit['cleanUp'][number][] = []

  constructor(headWas: number, stateOf: (document: string) => DocumentState) {
    this.#headWas = headWas
    this.#head = headWas
    this.#stateOf = stateOf
  }

  add(intent: Intent): void {
    const { document, epoch } = intent
    const state = this.#after.get(document) ?? this.#stateOf(document)
    if (!this.#before.has(document)) this.#before.set(document, state)
    if (!equalBytes(epoch, state.epoch)) {
      if (intent.is === 'append') throw new Error('Something was let into a history that is no more.')
      return undefined
    }
    switch (intent.is) {
      case 'append': {
        const { update, kind, author } = intent.effect
        this.#head += 1
        const position = this.#head
        this.#rows.push({ document, epoch, position, previous: state.last, kind, author, update })
        return this.#move(document, { ...state, last: position })
      }
      case 'fold': {
        const { through, servedFrom, claims } = intent
        this.#claims.push({ document, epoch, claims })
        return this.#move(document, { ...state, foldedThrough: through, servedFrom })
      }
      case 'keep':
        this.#keep.push({ document, epoch, answer: intent.answer })
        return undefined
      case 'forget':
        for (const id of intent.ids) this.#forget.push({ document, epoch, id })
        return undefined
      case 'replace':
        return this.#replace(document, epoch, intent.by)
      default:
        return unreachable(intent)
    }
  }

  /** The new history begins folded: one position stands for its snapshot, which of nothing is one piece too. */
  #replace(document: string, was: Uint8Array, { epoch, stage, pieces }: Replacement): void {
    this.#head += 1
    const through = this.#head
    this.#cleanUp.push({ document, epoch: was })
    this.#begin.push({ document, epoch, through, pieces: pieces.length === 0 ? [emptyUpdate] : pieces })
    this.#move(document, { epoch, stage, servedFrom: through, foldedThrough: through, last: through })
  }

  #move(document: string, state: DocumentState): void {
    this.#after.set(document, state)
  }

  commit(): Commit {
    const documents = [...this.#after].map(([document, state]) => {
      return { document, state, lastWas: this.#before.get(document)?.last ?? 0 }
    })
    return {
      headWas: this.#headWas,
      head: this.#head,
      branch: undefined,
      rows: this.#rows,
      documents,
      keep: this.#keep,
      forget: this.#forget,
      claims: this.#claims,
      begin: this.#begin,
      cleanUp: this.#cleanUp,
    }
  }
}
