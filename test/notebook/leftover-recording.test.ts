// leftover-recording.test.ts — of several pages that notice the same words at once, which write them down, and when. [D3]
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import * as Y from 'yjs'
import { proseOf } from '../../editor/notebook/document-parts.ts'
import { recordLeftovers } from '../../editor/notebook/leftover-recording.ts'
import type { Noticed } from '../../editor/notebook/leftover-watch.ts'
import { leftoversIn, wordsOf } from '../../editor/notebook/leftovers.ts'

const author = 7
const waitMsMax = 2_000

class Page {
  readonly doc = new Y.Doc()
  updates = 0
  readonly #listeners = new Set<(noticed: Noticed) => void>()
  readonly stop: () => void

  constructor(state: Uint8Array, clientID?: number) {
    Y.applyUpdate(this.doc, state)
    if (clientID !== undefined) this.doc.clientID = clientID
    this.doc.on('update', (_update, _origin, _doc, { local }) => {
      if (local) this.updates += 1
    })
    this.stop = recordLeftovers(this.doc, (_doc, listener) => {
      this.#listeners.add(listener)
      return () => void this.#listeners.delete(listener)
    })
  }

  notices(text: string, clock: number): void {
    const behind = { client: author, clock: clock - 1 }
    const where = Y.createRelativePositionFromTypeIndex(proseOf(this.doc), 0)
    const words = [{ runs: [{ client: author, clock, text, behind }], where }]
    for (const listener of this.#listeners) listener({ words, removed: [] })
  }

  get shown(): string[] {
    return leftoversIn(this.doc).map(wordsOf)
  }
}

/** In which the author wrote what is gone. */
function begun(): Uint8Array {
  const doc = new Y.Doc()
  doc.clientID = author
  doc.getText('elsewhere').insert(0, 'x'.repeat(100))
  doc.getText('elsewhere').delete(0, 100)
  return Y.encodeStateAsUpdate(doc)
}

function meet(pages: readonly Page[]): void {
  for (const from of pages) for (const to of pages) Y.applyUpdate(to.doc, Y.encodeStateAsUpdate(from.doc))
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('[D3] [B1] the page where words were written records them at once, and of twenty others none does then', () => {
  const others = Array.from({ length: 20 }, () => new Page(begun()))
  const pages = [...others, new Page(begun(), author)]
  for (const page of pages) page.notices('hello', 10)
  expect(pages.map(({ updates }) => updates)).toEqual([...others.map(() => 0), 1])
  meet(pages)
  vi.advanceTimersByTime(waitMsMax)
  expect(pages.map(({ updates }) => updates)).toEqual([...others.map(() => 0), 1])
  for (const page of pages) expect(page.shown).toEqual(['hello'])
})

test('[D3] where that page is gone another records them soon, all that it noticed meanwhile in one go', () => {
  const page = new Page(begun())
  for (const [at, letter] of 'hello'.split('').entries()) page.notices(letter, 10 + at)
  expect(page.shown).toEqual([])
  vi.advanceTimersByTime(waitMsMax)
  expect(page.shown).toEqual(['hello'])
  expect(page.updates).toBe(1)
  page.notices('!', 15)
  vi.advanceTimersByTime(waitMsMax)
  expect(page.shown).toEqual(['hello!'])
})

test('[D3] who may no longer write records nothing that was noticed before', () => {
  const page = new Page(begun())
  page.notices('hello', 10)
  page.stop()
  vi.advanceTimersByTime(waitMsMax)
  expect(vi.getTimerCount()).toBe(0)
  expect(page.updates).toBe(0)
})
