// together.test.ts — syncline/react on a real relay: two people, what is refused, StrictMode on the wire.
import { untilPage } from './dom.ts'
import { createElement as h, StrictMode } from 'react'
import type { ReactNode } from 'react'
import { flushSync } from 'react-dom'
import { createRoot } from 'react-dom/client'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { Workspace } from '../../client/index.ts'
import { useCounter, useDocument, usePresence, useSyncStatus, WorkspaceProvider } from '../../react/index.ts'
import { Device, untilStatus } from '../client/device.ts'
import { decodeFrame } from '../../shared/wire.ts'
import { startRelayProcess } from '../relay-process.ts'
import type { RelayProcess } from '../relay-process.ts'

let relay: RelayProcess

beforeAll(async () => {
  relay = await startRelayProcess()
})

afterAll(async () => {
  await relay?.[Symbol.asyncDispose]()
})

function screenOf(workspace: Workspace, node: ReactNode): HTMLElement {
  const place = document.createElement('div')
  document.body.append(place)
  const root = createRoot(place)
  const tree = h(StrictMode, null, h(WorkspaceProvider, { workspace }, node))
  flushSync(() => root.render(tree))
  onTestFinished(() => {
    flushSync(() => root.unmount())
    place.remove()
  })
  return place
}

const Votes = ({ me }: { readonly me: string }): ReactNode => {
  const poll = useDocument('poll')
  const peers = usePresence('poll', { user: me })
  if (poll === undefined) return '…'
  const names = peers.map(({ state }) => state['user'])
  return [h(Count, { key: 1, doc: poll.doc }), ` with ${names.join()} `, h(Saved, { key: 2 })]
}

const Count = ({ doc }: { readonly doc: Parameters<typeof useCounter>[0] }): ReactNode => {
  const { current, add } = useCounter(doc, 'votes')
  return h('button', { onClick: () => add(1) }, current)
}

const Saved = (): ReactNode => {
  const { isSaved, phase } = useSyncStatus('poll')
  return isSaved && phase === 'live' ? 'saved' : 'not yet'
}

test('[C1] two people vote, see each other, and see that it is saved', async () => {
  await using ann = new Device(relay.url)
  await using bob = new Device(relay.url)
  const atAnn = screenOf(ann.workspace, h(Votes, { me: 'Ann' }))
  const atBob = screenOf(bob.workspace, h(Votes, { me: 'Bob' }))
  await untilPage(() => atAnn.textContent === '0 with Bob saved' && atBob.textContent === '0 with Ann saved')
  atAnn.querySelector('button')?.click()
  atBob.querySelector('button')?.click()
  atBob.querySelector('button')?.click()
  await untilPage(() => atAnn.textContent === '3 with Bob saved' && atBob.textContent === '3 with Ann saved')
})

test('[L1] in StrictMode, for many components, there is one socket and one link', async () => {
  await using device = new Device(relay.url)
  const said: string[] = []
  device.frameSent = (frame) => void said.push(...decodeFrame(frame).map(({ type }) => type))
  const screen = screenOf(device.workspace, [
    h(Votes, { key: 1, me: 'Ann' }),
    h(Votes, { key: 2, me: 'Ann' }),
  ])
  await untilPage(() => /^(\d+ with  saved){2}$/.test(screen.textContent))
  const count = (type: string): number => said.filter((other) => other === type).length
  expect({ hello: count('hello'), open: count('open'), leave: count('leave') }).toEqual({
    hello: 1,
    open: 1,
    leave: 0,
  })
})

test('[R1] after a refusal the view is another one, and what is shown is what all others see', async () => {
  await using ann = new Device(relay.url)
  await using bob = new Device(relay.url)
  const views: unknown[] = []
  const Text = (): ReactNode => {
    const note = useDocument('refusal')
    if (note !== undefined && note !== views.at(-1)) views.push(note)
    return `${views.length}: ${note?.doc.getText('text').toString()}`
  }
  const atAnn = ann.open('refusal')
  atAnn.doc.getText('text').insert(0, 'mine')
  await atAnn.saved()
  const atBob = bob.open('refusal')
  await untilStatus(atBob.status, ({ phase }) => phase === 'live')
  const screen = screenOf(bob.workspace, h(Text))
  await untilPage(() => screen.textContent === '1: mine')
  atBob.doc.clientID = atAnn.doc.clientID
  atBob.doc.getText('text').insert(4, ' stolen')
  const before = atBob.doc
  await untilStatus(bob.workspace.refused, ({ length }) => length === 1)
  await untilPage(() => screen.textContent === '2: mine')
  expect(views.map((view) => Reflect.get(view as object, 'doc') === before)).toEqual([true, false])
})
