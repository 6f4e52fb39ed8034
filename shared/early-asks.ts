// early-asks.ts — what is asked of a workspace before its log was read. Knows: of each link only what holds now counts, so
// that there is no more of it than there are links. Must not know: how it is answered. [B1]
import type { LinkId } from './room-words.ts'
import type { WorkspaceInput } from './workspace.ts'

type Asked = { readonly input: WorkspaceInput & { readonly type: 'changesAsked' }; readonly isFull: boolean }

export class EarlyAsks {
  readonly #links = new Map<LinkId, Asked>()
  #isHeld = false

  keep(input: WorkspaceInput): void {
    if (input.type === 'held') this.#isHeld = input.isHeld
    else if (input.type !== 'woken') this.#keepOf(input, this.#links.get(input.link))
  }

  #keepOf(input: Exclude<WorkspaceInput, { type: 'held' | 'woken' }>, before: Asked | undefined): void {
    const { link } = input
    if (input.type === 'changesAsked') {
      // What came in a frame is a view of it: what stays must not keep the whole frame alive.
      const kept = { ...input, cursor: input.cursor.slice() }
      this.#links.set(link, { input: kept, isFull: before?.isFull ?? false })
    } else if (before === undefined) {
      return
    } else if (input.type === 'grantChanged') {
      this.#links.set(link, { ...before, input: { ...before.input, grant: input.grant } })
    } else if (input.type === 'filled' || input.type === 'drained') {
      this.#links.set(link, { ...before, isFull: input.type === 'filled' })
    } else if (input.type === 'left') {
      this.#links.delete(link)
    } else {
      throw new Error(`A workspace was told «${input.type}» before it asked for anything.`)
    }
  }

  get all(): readonly WorkspaceInput[] {
    const asked = [...this.#links].flatMap(([link, { input, isFull }]): WorkspaceInput[] =>
      isFull ? [input, { type: 'filled', link }] : [input],
    )
    return this.#isHeld ? [{ type: 'held', isHeld: true }, ...asked] : asked
  }
}
