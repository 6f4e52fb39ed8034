// reactions.tsx — reactions on a document: counters of syncline/types, so that none is lost, whoever clicks wherever. [C1]
import type { ReactElement } from 'react'
import { useCounter } from 'syncline/react'
import type * as Y from 'yjs'
import { Icon } from '../components/icon.tsx'
import { reactionsOf } from '../document-parts.ts'
import { reactions } from '../texts.ts'

const kinds = ['heart', 'thumb', 'star', 'spark'] as const

export function Reactions({ doc, mayWrite }: { doc: Y.Doc; mayWrite: boolean }): ReactElement {
  return (
    <div className="reactions" role="group" aria-label={reactions.label}>
      {kinds.map((kind) => (
        <Reaction key={kind} doc={doc} kind={kind} mayWrite={mayWrite} />
      ))}
    </div>
  )
}

function Reaction({
  doc,
  kind,
  mayWrite,
}: {
  doc: Y.Doc
  kind: (typeof kinds)[number]
  mayWrite: boolean
}): ReactElement {
  const { current, add } = useCounter(reactionsOf(doc), kind)
  const name = reactions.names[kind]
  return (
    <button
      className="reaction"
      data-some={current > 0}
      aria-label={reactions.add(name, current)}
      title={name}
      disabled={!mayWrite}
      onClick={() => add(1)}
    >
      <Icon name={kind} isFilled={current > 0} />
      <span>{current > 0 ? current : ''}</span>
    </button>
  )
}
