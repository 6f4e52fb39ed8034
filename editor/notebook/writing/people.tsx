// people.tsx — who else is at the document. A click on one follows them, until one types or scrolls oneself.
import type { Editor } from '@tiptap/core'
import { useEffect, useState } from 'react'
import type { ReactElement } from 'react'
import { usePresence } from 'syncline/react'
import { PersonMark } from '../components/person-mark.tsx'
import { nameOf } from '../document-list.ts'
import { personFrom, usePerson } from '../person.ts'
import type { Person } from '../person.ts'
import { people } from '../texts.ts'
import { caretOf } from './carets.ts'

export function People({ id, editor }: { id: string; editor: Editor | undefined }): ReactElement {
  const me = usePerson()
  const peers = usePresence(nameOf(id), { user: me })
  const here = peers.flatMap(({ state }) => personFrom(state['user']) ?? [])
  const [followedId, setFollowedId] = useState<string>()
  const followed = here.find((person) => person.id === followedId)
  useFollowing(editor, followed?.id, () => setFollowedId(undefined))
  return (
    <div className="people" role="group" aria-label={people.here}>
      {here.map((person) => (
        <PersonButton
          key={person.id}
          person={person}
          isFollowed={person === followed}
          onPress={() => setFollowedId(person === followed ? undefined : person.id)}
        />
      ))}
      {followed !== undefined && <span className="following">{people.following(followed.name)}</span>}
    </div>
  )
}

function PersonButton({
  person,
  isFollowed,
  onPress,
}: {
  person: Person
  isFollowed: boolean
  onPress: () => void
}): ReactElement {
  return (
    <button
      className="person"
      aria-label={people.follow(person.name)}
      title={person.name}
      aria-pressed={isFollowed}
      onClick={onPress}
    >
      <PersonMark {...person} />
    </button>
  )
}

function useFollowing(editor: Editor | undefined, id: string | undefined, stop: () => void): void {
  useEffect(() => {
    if (editor === undefined || id === undefined) return undefined
    const { dom } = editor.view
    const look = (): void => {
      const behavior = matchMedia('(prefers-reduced-motion: reduce)').matches ? 'instant' : 'smooth'
      dom.querySelector(caretOf(id))?.scrollIntoView({ block: 'center', behavior })
    }
    look()
    editor.on('transaction', look)
    dom.addEventListener('keydown', stop)
    addEventListener('wheel', stop, { passive: true })
    addEventListener('touchmove', stop, { passive: true })
    return () => {
      editor.off('transaction', look)
      dom.removeEventListener('keydown', stop)
      removeEventListener('wheel', stop)
      removeEventListener('touchmove', stop)
    }
  })
}
