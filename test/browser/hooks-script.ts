// hooks-script.ts — a small page made of the hooks, for hooks.test.ts: a text, a counter, who is here, what is saved.
import { createElement as h, StrictMode, useEffect, useState } from 'react'
import type { ReactNode } from 'react'
import { createRoot } from 'react-dom/client'
import type * as Y from 'yjs'
import { openWorkspace } from '../../client/index.ts'
import { useCounter, useDocument, usePresence, useSyncStatus, WorkspaceProvider } from '../../react/index.ts'

const name = 'party'

let leaveParty: () => void = () => undefined
let mounted = 0

export function start(url: string, me: string): void {
  const workspace = openWorkspace({ url, store: 'party' })
  const place = document.body.appendChild(document.createElement('main'))
  const root = createRoot(place)
  const page = [h(Party, { key: 'party', me }), h(Saved, { key: 'saved' })]
  root.render(h(StrictMode, null, h(WorkspaceProvider, { workspace }, page)))
  leaveParty = () => root.unmount()
}

export function leave(): void {
  leaveParty()
}

/** How often effects of one component ran: twice where StrictMode looks whether they can. */
export function timesMounted(): number {
  return mounted
}

function Party({ me }: { readonly me: string }): ReactNode {
  const party = useDocument(name)
  const peers = usePresence(name, { user: me })
  useEffect(() => {
    mounted += 1
  }, [])
  if (party === undefined) return 'One moment …'
  const here = [me, ...peers.map(({ state }) => String(state['user']))].toSorted()
  return [
    h(Guests, { key: 'guests', doc: party.doc }),
    h(Note, { key: 'note', doc: party.doc }),
    h('p', { key: 'here', id: 'here' }, here.join(', ')),
  ]
}

function Guests({ doc }: { readonly doc: Y.Doc }): ReactNode {
  const guests = useCounter(doc, 'guests')
  return h('button', { onClick: () => guests.add(1) }, `${guests.current} come`)
}

function Note({ doc }: { readonly doc: Y.Doc }): ReactNode {
  const text = doc.getText('note')
  const [words, setWords] = useState(text.toString())
  useEffect(() => {
    const show = (): void => setWords(text.toString())
    show()
    text.observe(show)
    return () => text.unobserve(show)
  }, [text])
  const write = (value: string): void => text.insert(text.length, value.slice(words.length))
  return h('input', { value: words, onChange: ({ currentTarget: { value } }) => write(value) })
}

function Saved(): ReactNode {
  const { isSaved, pending, inMemory } = useSyncStatus(name)
  const { phase } = useSyncStatus()
  if (isSaved && phase === 'ready') return h('output', null, 'Saved')
  return h('output', null, pending > 0 && inMemory === 0 ? `On this device: ${pending}` : 'Looking …')
}
