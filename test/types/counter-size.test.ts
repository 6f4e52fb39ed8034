// counter-size.test.ts — what a counter costs: in the document, and in the application that imports it.
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { counter } from '../../types/index.ts'
import { bundled } from '../browser/script.ts'

const bytesOf = (doc: Y.Doc): number => Y.encodeStateAsUpdate(doc).length

test('[B1] two hundred thousand clicks of one session take no more bytes than one', () => {
  const doc = new Y.Doc()
  const likes = counter(doc, 'likes')
  for (let click = 0; click < 200_000; click++) likes.add(1)
  expect(likes.current).toBe(200_000)
  expect(bytesOf(doc)).toBeLessThan(60)
})

test('[B1] a thousand sessions take less than 50 bytes each, however much each has added', () => {
  const all = new Y.Doc()
  for (let session = 0; session < 1000; session++) {
    const doc = new Y.Doc()
    for (let click = 0; click < 50; click++) counter(doc, 'likes').add(1)
    Y.applyUpdate(all, Y.encodeStateAsUpdate(doc))
  }
  expect(counter(all, 'likes').current).toBe(50_000)
  expect(bytesOf(all) / 1000).toBeLessThan(50)
})

test('[B1] an application that makes an origin of each transaction does not make a name of each', () => {
  const doc = new Y.Doc()
  const likes = counter(doc, 'likes')
  for (let click = 0; click < 1000; click++) doc.transact(() => likes.add(1), { click })
  expect(likes.current).toBe(1000)
  expect(likes.type.size).toBeLessThan(10)
  // They take turns, so that most of what was overwritten is apart.
  for (let click = 0; click < 1000; click++)
    doc.transact(() => likes.add(1), click % 2 === 0 ? null : 'import')
  expect(likes.type.size).toBeLessThan(10)
  expect(likes.current).toBe(2000)
})

test('[B1] clicks that alternate with typing take some twenty bytes each', () => {
  const [typed, both] = [new Y.Doc(), new Y.Doc()]
  for (let key = 0; key < 2000; key++) {
    for (const doc of [typed, both]) doc.getText('text').insert(key, 'x')
    counter(both, 'likes').add(1)
  }
  expect((bytesOf(both) - bytesOf(typed)) / 2000).toBeLessThan(24)
})

test('a counter is tiny, and brings nothing along', async () => {
  const code = await bundled(fileURLToPath(new URL('../../types/counter.ts', import.meta.url)))
  expect(gzippedBytes(code)).toBeLessThan(1_000)
  expect(code).not.toMatch(/\bimport\b/)
})

test('all of syncline/types is small, and brings nothing but Yjs along', async () => {
  const code = await bundled(fileURLToPath(new URL('../../types/index.ts', import.meta.url)), [/^yjs$/])
  expect(gzippedBytes(code)).toBeLessThan(3_500)
  expect([...code.matchAll(/from\s*["']([^"']+)["']/g)].map(([, name]) => name)).toEqual(['yjs'])
})

function gzippedBytes(code: string): number {
  return gzipSync(code, { level: 9 }).length
}
