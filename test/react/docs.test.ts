// docs.test.ts — the example of docs/REACT.md is a file that runs, in the package as it is imported: rendered on a server,
// taken over by a page, used. And what a page pays for the hooks.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { untilPage } from './dom.ts'
import { createElement as h, StrictMode } from 'react'
import { flushSync } from 'react-dom'
import { hydrateRoot } from 'react-dom/client'
import { renderToString } from 'react-dom/server'
import { MemoryStore, openWorkspace } from 'syncline/client'
import { WebSocket } from 'ws'
import { expect, test } from 'vitest'
import { bundled } from '../browser/script.ts'
import { startRelayProcess } from '../relay-process.ts'
import { App } from './party.tsx'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** It must not grow in silence. */
const gzippedBytesMax = 1_800

test('[T1] the example in docs/REACT.md is the one that is run here', () => {
  const text = readFileSync(`${root}docs/REACT.md`, 'utf8')
  const example = readFileSync(`${root}test/react/party.tsx`, 'utf8')
  expect(text).toContain(`<!-- example -->\n\`\`\`tsx\n${example}\`\`\`\n<!-- /example -->`)
})

test('[T1] what a server renders is taken over by the page without a complaint, and goes on', async () => {
  await using relay = await startRelayProcess()
  const place = document.createElement('div')
  document.body.append(place)
  place.innerHTML = renderToString(h(StrictMode, null, h(App, { workspace: undefined })))
  expect(place.textContent).toBe('One moment …Looking …')
  const workspace = openWorkspace({ url: relay.url, store: new MemoryStore(), socketClass: WebSocket })
  const complaints: unknown[] = []
  const page = hydrateRoot(place, h(StrictMode, null, h(App, { workspace })), {
    onRecoverableError: (error) => complaints.push(error),
  })
  await untilPage(() => place.textContent === '0 comeHere: AnnSaved')
  place.querySelector('button')?.click()
  await untilPage(() => place.textContent === '1 comeHere: AnnSaved')
  expect(complaints).toEqual([])
  flushSync(() => page.unmount())
  await workspace.close()
  place.remove()
})

test('[B1] syncline/react is as small as it was', async () => {
  const code = await bundled(`${root}react/index.ts`, [
    /^react$/,
    /\/client\/index\.ts$/,
    /\/types\/index\.ts$/,
  ])
  const gzipped = gzipSync(code, { level: 9 })
  expect(gzipped.length, `${code.length} bytes, ${gzipped.length} gzipped`).toBeLessThan(gzippedBytesMax)
  // Whatever else is there has crept in: React twice on a page, or the whole of Yjs.
  const imports = [...code.matchAll(/from\s*["']([^"']+)["']/g)].map(([, name]) => name)
  expect(new Set(imports)).toEqual(new Set(['react', '../../client/index.ts', '../../types/index.ts']))
})
