// server.test.ts — syncline/react where there is no page at all: neither window nor document.
import { createElement as h } from 'react'
import { renderToString } from 'react-dom/server'
import { expect, test } from 'vitest'
import { App } from './party.tsx'

test('[T1] a server renders what is so before anything is known, and touches nothing of a browser', () => {
  expect('window' in globalThis).toBe(false)
  expect('document' in globalThis).toBe(false)
  const page = renderToString(h(App, { workspace: undefined }))
  expect(page).toBe('<p>One moment …</p><output>Looking …</output>')
})
