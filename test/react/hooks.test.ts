// hooks.test.ts — syncline/react as components use it: what is opened, what is shown, what is rendered again.
import { setImmediate as nextTurn } from 'node:timers/promises'
import { untilPage } from './dom.ts'
import { Component, createElement as h, StrictMode } from 'react'
import type { ReactNode } from 'react'
import { flushSync } from 'react-dom'
import { createRoot } from 'react-dom/client'
import type { Root } from 'react-dom/client'
import { WebSocket } from 'ws'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { MemoryStore, openWorkspace, SynclineError } from '../../client/index.ts'
import type { Workspace } from '../../client/index.ts'
import {
  HookError,
  useCounter,
  useDocument,
  usePresence,
  useSyncStatus,
  useWorkspace,
  WorkspaceProvider,
} from '../../react/index.ts'

/** A port where nobody listens. */
const nowhere = 'ws://127.0.0.1:1'

function workspaceAt(url: string): Workspace {
  const workspace = openWorkspace({ url, store: new MemoryStore(), socketClass: WebSocket })
  onTestFinished(() => workspace.close())
  return workspace
}

type Shown = { readonly root: Root; readonly place: HTMLElement; readonly show: (node: ReactNode) => void }

function page(): Shown {
  const place = document.createElement('div')
  document.body.append(place)
  const root = createRoot(place)
  onTestFinished(() => {
    flushSync(() => root.unmount())
    place.remove()
  })
  return { root, place, show: (node) => flushSync(() => root.render(node)) }
}

const within = (workspace: Workspace | undefined, ...children: ReactNode[]): ReactNode =>
  h(StrictMode, null, h(WorkspaceProvider, { workspace }, ...children))

const Text = ({ name }: { readonly name: string }): ReactNode => {
  const note = useDocument(name)
  return note === undefined ? 'One moment …' : `${name}: ${note.doc.getText('text').toString()}`
}

/** React tells the console of every error that reaches a boundary. */
function muteConsole(): void {
  const spy = vi.spyOn(console, 'error').mockReturnValue()
  onTestFinished(() => spy.mockRestore())
}

afterEach(() => {
  vi.useRealTimers()
})

describe('a document', () => {
  test('[L1] is shown when what the device keeps is there, with no network', async () => {
    const workspace = workspaceAt(nowhere)
    const before = workspace.open('note')
    before.doc.getText('text').insert(0, 'milk')
    const { show, place } = page()
    show(within(workspace, h(Text, { name: 'note' })))
    expect(place.textContent).toBe('One moment …')
    await untilPage(() => place.textContent === 'note: milk')
  })

  test('[L1] is opened once for all who use it, StrictMode or not, and closed after the last', async () => {
    const workspace = workspaceAt(nowhere)
    const opening = vi.spyOn(workspace, 'open')
    const { show, place } = page()
    const texts = (...keys: string[]): ReactNode =>
      within(workspace, ...keys.map((key) => h(Text, { key, name: 'note' })), h(Status, { key: 's' }))
    const Status = (): ReactNode => (useSyncStatus('note').phase === 'loading' ? '…' : '.')
    show(texts('a', 'b'))
    await untilPage(() => place.textContent === 'note: note: .')
    expect(opening).toHaveBeenCalledTimes(1)
    const opened = opening.mock.results[0]?.value
    const closing = vi.spyOn(opened, 'close')

    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    show(texts('b'))
    vi.advanceTimersByTime(10_000)
    expect(closing).not.toHaveBeenCalled()
    // Left and come back in between.
    show(within(workspace))
    await nextTurn()
    vi.advanceTimersByTime(900)
    show(texts('c'))
    await nextTurn()
    vi.advanceTimersByTime(10_000)
    expect(closing).not.toHaveBeenCalled()
    expect(opening).toHaveBeenCalledTimes(1)
    show(within(workspace))
    await nextTurn()
    vi.advanceTimersByTime(900)
    expect(closing).not.toHaveBeenCalled()
    vi.advanceTimersByTime(200)
    expect(closing).toHaveBeenCalledTimes(1)
    vi.useRealTimers()
    show(texts('d'))
    await untilPage(() => place.textContent === 'note: .')
    expect(opening).toHaveBeenCalledTimes(2)
  })

  test('[L1] another name, and another workspace, are another document', async () => {
    const first = workspaceAt(nowhere)
    const second = workspaceAt(nowhere)
    first.open('a').doc.getText('text').insert(0, '1')
    first.open('b').doc.getText('text').insert(0, '2')
    second.open('b').doc.getText('text').insert(0, '3')
    const { show, place } = page()
    show(within(first, h(Text, { name: 'a' })))
    await untilPage(() => place.textContent === 'a: 1')
    show(within(first, h(Text, { name: 'b' })))
    await untilPage(() => place.textContent === 'b: 2')
    show(within(second, h(Text, { name: 'b' })))
    await untilPage(() => place.textContent === 'b: 3')
    show(within(undefined, h(Text, { name: 'b' })))
    expect(place.textContent).toBe('One moment …')
  })
})

describe('nothing is rendered again without a change', () => {
  test('[T1] neither by a status that says the same, nor by what others are not told', async () => {
    const workspace = workspaceAt(nowhere)
    workspace.workOffline(true)
    const renders: string[] = []
    const Note = (): ReactNode => {
      renders.push('note')
      return useDocument('note') === undefined ? '' : 'loaded'
    }
    const Presence = (): ReactNode => {
      renders.push('presence')
      return usePresence('note', { user: 'Ann' }).length
    }
    const Status = (): ReactNode => {
      renders.push('status')
      const { phase, inMemory } = useSyncStatus('note')
      return ` ${phase} ${inMemory}`
    }
    const { show, place } = page()
    show(h(WorkspaceProvider, { workspace }, h(Note), h(Presence), h(Status)))
    await untilPage(() => place.textContent === 'loaded0 unlinked 0')
    const { doc, awareness } = workspace.open('note')
    expect(awareness.getLocalState()).toEqual({ user: 'Ann' })
    renders.length = 0
    awareness.setLocalState({ ...awareness.getLocalState(), cursor: 1 })
    await nextTurn()
    expect(renders).toEqual([])
    doc.getText('text').insert(0, 'x')
    await untilPage(() => place.textContent === 'loaded0 unlinked 1')
    expect(renders).toEqual(['status'])
  })

  test('[T1] nor by a status of which only another part changed', async () => {
    const workspace = workspaceAt(nowhere)
    workspace.workOffline(true)
    const renders: string[] = []
    const Part = (): ReactNode => {
      renders.push('part')
      const isSaved = useSyncStatus('note', (status) => status.isSaved)
      const isWaiting = useSyncStatus(({ waiting }) => waiting.includes('note'))
      return `${isSaved} ${isWaiting}`
    }
    const { show, place } = page()
    show(h(WorkspaceProvider, { workspace }, h(Part)))
    const { doc, status } = workspace.open('note')
    doc.getText('text').insert(0, 'x')
    await untilPage(() => place.textContent === 'false true')
    renders.length = 0
    doc.getText('text').insert(0, 'y')
    expect(status.current.inMemory).toBe(2)
    await nextTurn()
    expect(renders).toEqual([])
  })

  test('[C1] a counter is the same for all components in one page, and its object lasts as its value', async () => {
    const workspace = workspaceAt(nowhere)
    const { doc } = workspace.open('votes')
    const seen: string[] = []
    const views = new Set<unknown>()
    const Votes = (): ReactNode => {
      const votes = useCounter(doc, 'votes')
      views.add(votes)
      return h('b', null, votes.current)
    }
    const { show, place } = page()
    show([h(Votes, { key: 1 }), h(Votes, { key: 2 })])
    const look = (): void => void seen.push(place.textContent)
    look()
    doc.on('afterTransaction', () => queueMicrotask(look))
    doc.getMap('votes').set('somebody', 3)
    await untilPage(() => place.textContent === '33')
    show([h(Votes, { key: 1 }), h(Votes, { key: 2 })])
    expect(seen.every((text) => text === '00' || text === '33')).toBe(true)
    expect(views.size).toBe(4)
  })
})

describe('presence', () => {
  test('[P1] what several components say is one state, told once, and is taken back by who leaves', async () => {
    const workspace = workspaceAt(nowhere)
    const { awareness } = workspace.open('note')
    awareness.setLocalStateField('cursor', 7)
    const told: unknown[] = []
    awareness.on('change', () => told.push(awareness.getLocalState()))
    const Says = ({ fields }: { readonly fields: Readonly<Record<string, unknown>> }): ReactNode =>
      usePresence('note', fields).length
    const { show } = page()
    const both = (user: string): ReactNode =>
      within(workspace, h(Says, { key: 1, fields: { user } }), h(Says, { key: 2, fields: { mood: 'good' } }))
    show(both('Ann'))
    await nextTurn()
    show(both('Ann'))
    await nextTurn()
    show(both('Bob'))
    await nextTurn()
    show(within(workspace, h(Says, { key: 2, fields: { mood: 'good' } })))
    await nextTurn()
    expect(told).toEqual([
      { cursor: 7, user: 'Ann', mood: 'good' },
      { cursor: 7, user: 'Bob', mood: 'good' },
      { cursor: 7, mood: 'good' },
    ])
  })
})

describe('misuse', () => {
  type BoundaryProps = { readonly children: ReactNode; readonly caught: (error: unknown) => void }

  class Boundary extends Component<BoundaryProps> {
    override state = { error: undefined as unknown }

    static getDerivedStateFromError(error: unknown): { error: unknown } {
      return { error }
    }

    override componentDidCatch(error: unknown): void {
      this.props.caught(error)
    }

    override render(): ReactNode {
      return this.state.error === undefined ? this.props.children : String(this.state.error)
    }
  }

  const bounded = (errors: unknown[], children: ReactNode): ReactNode =>
    h(Boundary, { key: errors.length, caught: (error) => void errors.push(error), children })

  test('[T1] a hook outside of a provider says so, with a code', () => {
    const errors: unknown[] = []
    const { show, place } = page()
    muteConsole()
    show(bounded(errors, h(Text, { name: 'note' })))
    expect(errors).toHaveLength(1)
    expect(errors[0]).toBeInstanceOf(HookError)
    expect(errors[0]).toMatchObject({ code: 'no-provider' })
    expect(place.textContent).toContain('put one around it')
  })

  test('[T1] a bad name and a closed workspace reach the error boundary, with their codes', async () => {
    const errors: unknown[] = []
    const { show, place } = page()
    muteConsole()
    const workspace = workspaceAt(nowhere)
    show(within(workspace, bounded(errors, h(Text, { name: '' }))))
    await untilPage(() => place.textContent.includes('1 to'))
    await workspace.close()
    show(within(workspace, bounded(errors, h(Text, { name: 'note' }))))
    await untilPage(() => place.textContent.includes('was closed'))
    expect(errors.every((error) => error instanceof SynclineError)).toBe(true)
    expect(new Set(errors.map((error) => Reflect.get(error as object, 'code')))).toEqual(
      new Set(['bad-name', 'closed']),
    )
  })

  test('[T1] where there is no workspace yet the hooks say what is so: nothing is saved, nobody is there', () => {
    const All = (): ReactNode => {
      const workspace = useWorkspace()
      const [all, one] = [useSyncStatus(), useSyncStatus('note')]
      const shown = [workspace, useDocument('note'), all.phase, all.keeps, one.phase, one.isSaved]
      return JSON.stringify([...shown, usePresence('note', { user: 'Ann' })])
    }
    const { show, place } = page()
    show(within(undefined, h(All)))
    expect(place.textContent).toBe('[null,null,"opening","opening","loading",false,[]]')
  })
})
