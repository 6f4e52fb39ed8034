// indexed-place.test.ts — pages that may keep nothing: a sandboxed frame, or a person who blocks what sites keep.
import { afterEach, expect, test, vi } from 'vitest'
import { indexedPlace } from '../../client/indexed-place.ts'
import { openWorkspace } from '../../client/index.ts'
import { StoreError } from '../../shared/store.ts'
import { untilStatus } from './device.ts'

const denied = (): never => {
  throw new DOMException('The operation is insecure.', 'SecurityError')
}

afterEach(() => {
  vi.unstubAllGlobals()
  Reflect.deleteProperty(globalThis, 'sessionStorage')
})

/** As browsers do: whoever looks at it hears no. */
function denyStorage(navigator: object): void {
  vi.stubGlobal('navigator', navigator)
  vi.stubGlobal('indexedDB', { open: denied })
  Object.defineProperty(globalThis, 'sessionStorage', { configurable: true, get: denied })
}

test.each([
  [
    'with locks that nobody gets',
    { locks: { request: () => Promise.reject(new Error('It was asked for a lock.')) } },
  ],
  ['without locks', {}],
])('[L1] a page that may keep nothing works from memory, and says so: %s', async (_what, navigator) => {
  denyStorage(navigator)
  class Nowhere {
    binaryType = ''
    readonly readyState = 0
    send(): void {}
    close(): void {}
    addEventListener(): void {}
  }
  const workspace = openWorkspace({ url: 'ws://nowhere', store: 'denied', socketClass: Nowhere })
  const document = workspace.open('a')
  document.doc.getText('text').insert(0, 'typed')
  await untilStatus(workspace.status, ({ tab }) => tab === 'alone')
  await document.loaded
  expect(workspace.status.current).toMatchObject({ keeps: 'memory', inMemory: 1 })
  expect(workspace.status.current.storeError).not.toBeUndefined()
  await workspace.close()
})

test('[S1] without locks each tab has a database of its own, and finds it again', () => {
  const kept = new Map<string, string>()
  vi.stubGlobal('navigator', {})
  vi.stubGlobal('sessionStorage', {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  })
  const names: string[] = []
  vi.stubGlobal('indexedDB', {
    open: (name: string) => {
      names.push(name)
      throw new StoreError('broken', 'Not now.')
    },
  })
  for (let visit = 0; visit < 2; visit++) {
    const place = indexedPlace('notes')
    expect(place.sharedName).toBeUndefined()
    void place.open().catch(() => undefined)
  }
  expect(names[0]).toMatch(/^notes-/)
  expect(names[1]).toBe(names[0])
})
