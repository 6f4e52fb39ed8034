// leftover-note.tsx — the words that no text has any more, over the text: what they were, and what may be done with them. [D3]
import { useId, useRef } from 'react'
import type { ReactElement } from 'react'
import type * as Y from 'yjs'
import { discard, putBack, wordsOf } from '../leftovers.ts'
import type { Leftover } from '../leftover-entries.ts'
import { leftovers as texts } from '../texts.ts'

/** More would push the text out of sight; they come when these are dealt with. [B1] */
const shownMax = 20
/** Of each; it is put back whole. [B1] */
const charactersShownMax = 2_000

export function LeftoverNote({
  doc,
  leftovers,
  mayWrite,
  onEnd,
}: {
  doc: Y.Doc
  leftovers: readonly Leftover[]
  mayWrite: boolean
  /** The last of them is dealt with. */
  onEnd: () => void
}): ReactElement | undefined {
  const section = useRef<HTMLElement>(null)
  // The button that was pressed goes: who uses keys would be nowhere.
  const goOn = (): void => (leftovers.length > 1 ? section.current?.focus() : onEnd())
  if (leftovers.length === 0) return undefined
  return (
    <section ref={section} className="leftovers" aria-label={texts.label} tabIndex={-1}>
      <p role="status">{texts.sentence(leftovers.length)}</p>
      <ul>
        {leftovers.slice(0, shownMax).map((leftover) => (
          <Piece
            key={`${leftover.runs[0]?.client}:${leftover.runs[0]?.clock}`}
            words={wordsOf(leftover)}
            goOn={goOn}
            ways={
              mayWrite
                ? [
                    { name: texts.putBack, go: () => putBack(doc, leftover) },
                    { name: texts.discard, go: () => discard(doc, leftover) },
                  ]
                : []
            }
          />
        ))}
      </ul>
    </section>
  )
}

type Way = { readonly name: string; readonly go: () => void }

function Piece({
  words,
  ways,
  goOn,
}: {
  words: string
  ways: readonly Way[]
  goOn: () => void
}): ReactElement {
  const id = useId()
  return (
    <li>
      <blockquote id={id}>
        {words.length > charactersShownMax ? `${words.slice(0, charactersShownMax)}…` : words}
      </blockquote>
      <div className="row">
        {ways.map(({ name, go }) => (
          <button
            key={name}
            className="button"
            aria-describedby={id}
            onClick={() => {
              go()
              goOn()
            }}
          >
            {name}
          </button>
        ))}
      </div>
    </li>
  )
}
