// door.ts — whether a link is let in to a document at all, and what is said to those who have to leave. Knows: what
// became of the document. Must not know: rights, links, how they are fed. [E1]
import { documentStage, isFirst } from './document-state.ts'
import type { DocumentState } from './document-state.ts'
import { closedCode } from './message.ts'
import type { ClosedCode } from './message.ts'
import type { Wire } from './room-words.ts'

/** Stock clients cannot tell histories apart: they would merge what they have into another one. */
export function shutTo(wire: Wire, { stage, epoch }: DocumentState): ClosedCode | undefined {
  if (stage === documentStage.purged) return closedCode.gone
  return wire === 'stock' && !isFirst(epoch) ? closedCode.replaced : undefined
}

export function reasonFor(code: ClosedCode): string {
  switch (code) {
    case closedCode.gone:
      return 'This document was deleted. Choose another name, or ask who deleted it. (gone)'
    case closedCode.replaced:
      return 'This document began anew. Open it with a Syncline client, or take another name. (replaced)'
    case closedCode.tooLarge:
      return 'This document is larger than documents may be. Export it, and begin a new one. (too-large)'
    case closedCode.forbidden:
      return 'This document may not be read with this token. Ask for it, or sign in as somebody else. (forbidden)'
    case closedCode.notNow:
      return 'The relay is busy. It lets you in a little later. (not-now)'
  }
}
