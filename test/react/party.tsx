import { useCounter, useDocument, usePresence, useSyncStatus, WorkspaceProvider } from 'syncline/react'
import type { Workspace } from 'syncline/client'
import type { Doc } from 'yjs'

export function App({ workspace }: { workspace: Workspace | undefined }) {
  return (
    <WorkspaceProvider workspace={workspace}>
      <Party name="party" me="Ann" />
      <Saved name="party" />
    </WorkspaceProvider>
  )
}

function Party({ name, me }: { name: string; me: string }) {
  const party = useDocument(name)
  const peers = usePresence(name, { user: me })
  if (party === undefined) return <p>One moment …</p>
  return (
    <>
      <Guests doc={party.doc} />
      <p>Here: {[me, ...peers.map(({ state }) => String(state['user']))].join(', ')}</p>
    </>
  )
}

function Guests({ doc }: { doc: Doc }) {
  const guests = useCounter(doc, 'guests')
  return <button onClick={() => guests.add(1)}>{guests.current} come</button>
}

function Saved({ name }: { name: string }) {
  const { isSaved, pending, inMemory, refused, waitingFor } = useSyncStatus(name)
  if (isSaved) return <output>Saved</output>
  if (inMemory > 0) return <output>Only in this tab</output>
  if (refused > 0) return <output>Refused by the relay: {refused}</output>
  return <output>{pending > 0 ? `On this device: ${waitingFor}` : 'Looking …'}</output>
}
