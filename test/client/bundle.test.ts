// bundle.test.ts — what an application pays for syncline/client: minified and gzipped, without Yjs and what Yjs brings along.
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { bundled } from '../browser/script.ts'

/** The aim is 20 KB; the machines alone take more than 16. It must not grow in silence. */
const gzippedBytesMax = 35_100

test('syncline/client is as small as it was', async () => {
  const entry = fileURLToPath(new URL('../../client/index.ts', import.meta.url))
  const code = await bundled(entry, [/^yjs$/, /^lib0/, /^y-protocols/])
  const gzipped = gzipSync(code, { level: 9 })
  expect(gzipped.length, `${code.length} bytes, ${gzipped.length} gzipped`).toBeLessThan(gzippedBytesMax)
  // Whatever else is there has crept in: Yjs twice on a page is worse than any size.
  const imports = [...code.matchAll(/(?:from|import)\s*["']([^"']+)["']/g)].map(([, name]) => name)
  expect(imports.filter((name) => !/^(?:yjs|lib0\/|y-protocols\/)/.test(name ?? ''))).toEqual([])
})
