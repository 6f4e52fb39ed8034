// bundle.test.ts — what the notebook weighs as it goes over the line: all of it, and what the list waits for. Reads the
// pages as they were built.
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'

const pages = fileURLToPath(new URL('../../dist/pages/', import.meta.url))
const asset = /assets\/[\w-]+\.(?:js|css)/g
const wholeBytesMax = 320 * 1024
const listBytesMax = 160 * 1024

test('[B1] the page weighs at most 320 KB, and the list comes before the editor', () => {
  const page = readFileSync(`${pages}notebook/index.html`, 'utf8')
  const first = new Set(page.match(asset))
  expect(first.size).toBeGreaterThan(2)
  const whole = withAllThatTheyName(first)
  expect([...whole].some((name) => name.includes('extensions'))).toBe(true)
  expect([...first].some((name) => name.includes('extensions'))).toBe(false)
  expect(weightOf(first)).toBeLessThan(listBytesMax)
  expect(weightOf(whole)).toBeLessThan(wholeBytesMax)
})

function withAllThatTheyName(names: ReadonlySet<string>): ReadonlySet<string> {
  const all = new Set(names)
  const files = readdirSync(`${pages}assets`)
  for (const name of all) {
    const code = readFileSync(`${pages}${name}`, 'utf8')
    for (const file of files) if (/\.(?:js|css)$/.test(file) && code.includes(file)) all.add(`assets/${file}`)
  }
  return all
}

function weightOf(names: ReadonlySet<string>): number {
  return [...names].reduce((sum, name) => sum + gzipSync(readFileSync(`${pages}${name}`)).length, 0)
}
