// passed-in.test.ts — what an application passes in wrongly is told it at once, or in the status, and stops nothing.
import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { MemoryStore, openWorkspace } from '../../client/index.ts'
import type { WorkspaceOptions } from '../../client/index.ts'
import { startRelayProcess } from '../relay-process.ts'
import type { RelayProcess } from '../relay-process.ts'
import { untilStatus } from './device.ts'

const nowhere = 'ws://127.0.0.1:1'

let relay: RelayProcess

beforeAll(async () => {
  relay = await startRelayProcess()
})

afterAll(async () => {
  await relay?.[Symbol.asyncDispose]()
})

/** As a program without types may call it. */
function opening(options: { readonly [name: string]: unknown }): () => unknown {
  const all: unknown = { url: nowhere, store: new MemoryStore(), socketClass: WebSocket, ...options }
  return () => openWorkspace(all as WorkspaceOptions)
}

test.each(['http://127.0.0.1:1', '127.0.0.1:4410', 'relay.example', 'ws://127.0.0.1:1/#x', '', undefined])(
  '%s is no address of a relay',
  (url) => {
    expect(opening({ url })).toThrow(expect.objectContaining({ name: 'SynclineError', code: 'bad-url' }))
  },
)

test.each([
  ['a name where there is no IndexedDB', 'ann'],
  ['nothing', undefined],
  ['a promise', Promise.resolve()],
])('%s is no store, and the error names those that are', (_what, store) => {
  expect(opening({ store })).toThrow(
    expect.objectContaining({
      code: 'no-store',
      message: expect.stringMatching(/openLevelStore.+MemoryStore/),
    }),
  )
})

test.each([
  ['a number', 5],
  ['an object', { token: 'x' }],
  ['nothing', undefined],
  ['half a character', '\ud800'],
  ['too long a text', 'x'.repeat(16_385)],
])('[L1] %s is no token: it is said, and asked again', async (_what, bad) => {
  const answers: unknown[] = [bad]
  const token = vi.fn(() => Promise.resolve((answers.length > 0 ? answers.shift() : '') as string))
  const workspace = openWorkspace({
    url: relay.url,
    store: new MemoryStore(),
    socketClass: WebSocket,
    token,
  })
  await untilStatus(workspace.status, ({ tokenError }) => tokenError !== undefined)
  expect(workspace.status.current.tokenError).toMatch(/^bad-token: .+\.$/)
  workspace.retryNow()
  await untilStatus(workspace.status, ({ phase }) => phase === 'ready')
  expect(token).toHaveBeenCalledTimes(2)
  expect(workspace.status.current.tokenError).toBeUndefined()
  await workspace.close()
})

test('[L1] where no socket can be made it is said why, and tried again', async () => {
  let tried = 0
  class RefusedTwice extends WebSocket {
    constructor(url: string, protocol: string) {
      tried += 1
      super(tried <= 2 ? 'no address' : url, protocol)
    }
  }
  const workspace = openWorkspace({ url: relay.url, store: new MemoryStore(), socketClass: RefusedTwice })
  const note = workspace.open('note')
  note.doc.getText('text').insert(0, 'milk')
  await untilStatus(
    workspace.status,
    ({ phase, socketError }) => phase === 'waiting' && socketError !== undefined,
  )
  expect(workspace.status.current.socketError).toMatch(/^SyntaxError: /)
  expect(await note.saved()).toEqual({ isSaved: false, reason: 'relayAway' })
  workspace.retryNow()
  while (tried < 2) await nextTurn()
  await untilStatus(workspace.status, ({ phase }) => phase === 'waiting')
  workspace.retryNow()
  await untilStatus(workspace.status, ({ phase }) => phase === 'ready')
  expect(workspace.status.current.socketError).toBeUndefined()
  await workspace.close()
})
