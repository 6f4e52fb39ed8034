// Where the relay lies: under a path, behind a proxy, with a certificate.
import { once } from 'node:events'
import { rm, writeFile } from 'node:fs/promises'
import { request as secureRequest } from 'node:https'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { WebSocket } from 'ws'
import { expect, onTestFinished, test } from 'vitest'
import { firstCertificate, secondCertificate } from '../certificates.ts'
import type { Certificate } from '../certificates.ts'
import { temporaryFolder } from '../relay-process.ts'
import { StockClient } from '../stock-client.ts'
import { relayProcess, native, ask } from './running-relay.ts'

test('under a path prefix everything lies, and nothing else is answered', async () => {
  const relay = await relayProcess({ words: ['--path-prefix', '/sync'] })
  expect(await ask(relay.port, '/sync/health')).toMatchObject({ status: 200 })
  expect(await ask(relay.port, '/health')).toMatchObject({ status: 404 })
  expect(await ask(relay.port, '/synced/health')).toMatchObject({ status: 404 })
  const writer = new StockClient(`${relay.url}/sync`, 'story')
  onTestFinished(() => writer[Symbol.dispose]())
  await writer.synced()
  writer.write('hello')
  const reader = native(`${relay.url}/sync`, 1)
  reader.open('story')
  await reader.take('delivery')
  const outside = new WebSocket(`${relay.url}/story`)
  outside.on('error', () => undefined)
  const [, response] = await once(outside, 'unexpected-response')
  expect(response.statusCode).toBe(404)
})

test('under a path prefix the pages lie, with all they load, and people are led to them', async () => {
  const relay = await relayProcess({ words: ['--path-prefix', '/sync'] })
  const html = { accept: 'text/html' }
  for (const path of ['/sync', '/sync/', '/sync/notebook']) {
    const page = await fetch(`http://127.0.0.1:${relay.port}${path}`, { headers: html })
    expect({ status: page.status, path: new URL(page.url).pathname }).toEqual({
      status: 200,
      path: '/sync/notebook/',
    })
  }
  for (const name of ['notebook', 'stock', 'notes']) {
    const page = await fetch(`http://127.0.0.1:${relay.port}/sync/${name}/`)
    const loaded = [...(await page.text()).matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path ?? '')
    expect(loaded.length).toBeGreaterThan(2)
    for (const path of [...loaded, '../sw.js']) {
      const url = new URL(path, page.url)
      expect(url.pathname).toMatch(/^\/sync\//)
      expect(await fetch(url), url.pathname).toMatchObject({ status: 200 })
    }
  }
})

test.each(['', '/sync'])(
  'opened without the slash at its end a page leads to itself, with its query, whoever asks: under «%s»',
  async (prefix) => {
    const relay = await relayProcess({ words: ['--path-prefix', prefix] })
    for (const name of ['notebook', 'stock', 'notes'])
      for (const method of ['GET', 'HEAD']) {
        const answer = await fetch(`http://127.0.0.1:${relay.port}${prefix}/${name}?doc=a`, { method })
        expect({ status: answer.status, at: answer.url }).toEqual({
          status: 200,
          at: `http://127.0.0.1:${relay.port}${prefix}/${name}/?doc=a`,
        })
      }
  },
)

test('a proxy that takes a prefix away needs not be known: people are led on by relative addresses', async () => {
  const relay = await relayProcess()
  const led = async (path: string, seenAs: string) => {
    const headers = { accept: 'text/html' }
    const answer = await fetch(`http://127.0.0.1:${relay.port}${path}`, { headers, redirect: 'manual' })
    return new URL(answer.headers.get('location') ?? '', `http://elsewhere${seenAs}`).pathname
  }
  expect(await led('/', '/tools/sync/')).toBe('/tools/sync/notebook/')
  expect(await led('/notes', '/tools/sync/notes')).toBe('/tools/sync/notes/')
})

test('TLS: the certificate is read again on SIGHUP, and a wrong one changes nothing', async () => {
  const folder = await temporaryFolder()
  onTestFinished(() => rm(folder, { recursive: true }))
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  await putCertificate(folder, firstCertificate)
  const relay = await relayProcess({ words: ['--tls-cert', cert, '--tls-key', key] })
  expect(await certifiedName(relay.port)).toBe('first.example')
  const socket = new WebSocket(`wss://127.0.0.1:${relay.port}/story`, { rejectUnauthorized: false })
  onTestFinished(() => socket.terminate())
  await once(socket, 'message')
  await putCertificate(folder, secondCertificate)
  const reloaded = relay.says(/"code":"certificate-reloaded"/)
  process.kill(relay.pid, 'SIGHUP')
  await reloaded
  expect(await certifiedName(relay.port)).toBe('second.example')
  await writeFile(cert, 'no certificate')
  const unreadable = relay.says(/"code":"certificate-unreadable"/)
  process.kill(relay.pid, 'SIGHUP')
  await unreadable
  expect(await certifiedName(relay.port)).toBe('second.example')
  expect(socket.readyState).toBe(socket.OPEN)
})

async function putCertificate(folder: string, { cert, key }: Certificate): Promise<void> {
  await writeFile(join(folder, 'cert.pem'), cert)
  await writeFile(join(folder, 'key.pem'), key)
}

function certifiedName(port: number): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path: '/health', rejectUnauthorized: false, agent: false }
    secureRequest(options, (response) => {
      resolve((response.socket as TLSSocket).getPeerCertificate().subject.CN)
      response.resume()
    })
      .on('error', reject)
      .end()
  })
}
