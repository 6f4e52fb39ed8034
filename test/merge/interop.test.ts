// Unchanged y-websocket clients of every version that people have, on the real relay: what each can do alone, with its
// like, and with all the others in one document.
import { SignJWT } from 'jose'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { InteropClient, acknowledgedEdition, editions } from '../interop-client.ts'
import type { Edition } from '../interop-client.ts'
import { startRelayProcess } from '../relay-process.ts'
import type { RelayProcess } from '../relay-process.ts'

let relay: RelayProcess
let clients: InteropClient[]

beforeEach(async () => {
  relay = await startRelayProcess()
  clients = []
})

afterEach(async () => {
  for (const client of clients) client[Symbol.dispose]()
  await relay[Symbol.asyncDispose]()
})

function open(edition: Edition, options: ConstructorParameters<typeof InteropClient>[2] = {}): InteropClient {
  const client = new InteropClient(edition, relay.url, options)
  clients.push(client)
  return client
}

async function join(edition: Edition, name: string): Promise<InteropClient> {
  const client = open(edition)
  client.be(name)
  await client.synced()
  return client
}

async function restart(): Promise<void> {
  const { data, port } = relay
  await relay.kill()
  relay = await startRelayProcess({ data, port })
}

/** Same structs and same deletes, whichever Yjs holds them. [C1] */
function areEqual(): boolean {
  const docs = clients.map(({ paper }) => {
    const doc = new Y.Doc()
    Y.applyUpdate(doc, paper.encoded())
    return Y.snapshot(doc)
  })
  return docs.every((snapshot) => Y.equalSnapshots(snapshot, docs[0]!))
}

async function allSay(holds: (client: InteropClient) => boolean): Promise<void> {
  await Promise.all(clients.map((client) => client.until(() => holds(client))))
}

describe.each(editions)('$name', (edition) => {
  test('[C1] two who type at the same place at the same time end with one text that has both', async () => {
    const ana = await join(edition, 'Ana')
    const ben = await join(edition, 'Ben')
    ana.write('The sea ')
    await ben.until(() => ben.words === 'The sea ')
    ana.write('was calm.')
    ben.write('was loud.')
    await allSay(({ words }) => words.includes('calm') && words.includes('loud'))
    expect(ana.words).toBe(ben.words)
    expect(areEqual()).toBe(true)
  })

  test('[C1] what is written while away meets what was written meanwhile', async () => {
    const ana = await join(edition, 'Ana')
    const ben = await join(edition, 'Ben')
    ana.write('Monday. ')
    await ben.until(() => ben.words === 'Monday. ')
    ana.goOffline()
    ana.write('In the train. ')
    ben.write('At the desk. ', 0)
    await ana.comeBack()
    await allSay(({ words }) => words.includes('train') && words.includes('desk'))
    expect(areEqual()).toBe(true)
  })

  test('[C2] who joins late has all of it when «synced» is said', async () => {
    const ana = await join(edition, 'Ana')
    const ben = await join(edition, 'Ben')
    for (let n = 0; n < 300; n++) ana.write(n % 50 === 0 ? '\n' : 'x', n % 7 === 0 ? 0 : ana.words.length)
    await ben.until(() => ben.words.length === 300)
    const eve = await join(edition, 'Eve')
    expect(eve.words).toBe(ana.words)
    expect(areEqual()).toBe(true)
  })

  test('[D2] after SIGKILL they come back by themselves, with what they wrote meanwhile, and see each other', async () => {
    const ana = await join(edition, 'Ana')
    const ben = await join(edition, 'Ben')
    ana.write('Before. ')
    await ben.until(() => ben.words === 'Before. ')
    const { data, port } = relay
    await relay.kill()
    ana.write('Ana wrote on. ')
    ben.write('Ben too. ')
    relay = await startRelayProcess({ data, port })
    await allSay(({ words }) => words.includes('Ana wrote') && words.includes('Ben too'))
    await ana.until(() => ana.seen.includes('Ben'))
    await ben.until(() => ben.seen.includes('Ana'))
    const eve = await join(edition, 'Eve')
    expect(eve.words).toBe(ana.words)
    expect(areEqual()).toBe(true)
  })

  test('[P1] they see each other come, change, go, and come back at once', async () => {
    const ana = await join(edition, 'Ana')
    const ben = await join(edition, 'Ben')
    await ana.until(() => ana.seen.includes('Ben'))
    await ben.until(() => ben.seen.includes('Ana'))
    ben.be('Benedict')
    await ana.until(() => ana.seen.includes('Benedict'))
    for (let time = 0; time < 2; time++) {
      ben.goOffline()
      await ana.until(() => ana.seen.length === 0)
      const began = Date.now()
      await ben.comeBack()
      await ana.until(() => ana.seen.includes('Benedict'))
      await ben.until(() => ben.seen.includes('Ana'))
      // With the stock server this takes 15 s and more.
      expect(Date.now() - began).toBeLessThan(5_000)
    }
    const eve = await join(edition, 'Eve')
    await eve.until(() => eve.seen.join(' ') === 'Ana Benedict')
  })
})

test('[C1] [P1] clients of all versions in one document have one text, and everyone sees all others', async () => {
  for (const edition of editions) await join(edition, edition.name)
  for (const client of clients) client.write(`${client.edition.name}. `)
  await allSay(({ words }) => editions.every(({ name }) => words.includes(`${name}. `)))
  for (const [index, client] of clients.entries()) if (index % 2 === 0) client.goOffline()
  for (const client of clients) client.write(`${client.edition.name} again. `, 0)
  const away = clients.filter(({ provider }) => !provider.shouldConnect)
  await Promise.all(away.map((client) => client.comeBack()))
  await allSay(({ words }) => editions.every(({ name }) => words.includes(`${name} again. `)))
  await allSay(({ seen }) => seen.length === editions.length - 1)
  expect(new Set(clients.map(({ words }) => words)).size).toBe(1)
  expect(areEqual()).toBe(true)
  await restart()
  const newcomer = await join(editions[3]!, 'newcomer')
  expect(newcomer.words).toBe(clients[0]!.words)
})

test('[D1] a client that takes its echo for an acknowledgement says «saved» only of what is on the disk', async () => {
  const ana = await join(acknowledgedEdition, 'Ana')
  const isSaved = new Promise<void>((resolve) => {
    let wasUnsaved = false
    ana.provider.on('sync-status', (status) => {
      const { localUpdatesSynced } = status as { localUpdatesSynced: boolean }
      if (localUpdatesSynced && wasUnsaved) resolve()
      wasUnsaved ||= !localUpdatesSynced
    })
  })
  ana.write('Saved.')
  await isSaved
  ana.goOffline()
  await restart()
  const ben = await join(editions[0]!, 'Ben')
  expect(ben.words).toBe('Saved.')
})

describe('with tokens', () => {
  const secret = 'a secret of thirty-two bytes or more'

  beforeEach(async () => {
    await relay[Symbol.asyncDispose]()
    relay = await startRelayProcess({ env: { SYNCLINE_TOKEN_SECRET: secret } })
  })

  function tokenFor(pattern: string, rights: string, expiresIn = '1h'): Promise<string> {
    const token = new SignJWT({ documents: [{ pattern, rights }] }).setProtectedHeader({ alg: 'HS256' })
    return token.setSubject('ana').setExpirationTime(expiresIn).sign(Buffer.from(secret))
  }

  /** The codes with which its sockets end. */
  function closesOf(client: InteropClient): number[] {
    const codes: number[] = []
    client.provider.on('connection-close', (event) => {
      if (typeof event === 'object' && event !== null && 'code' in event) codes.push(Number(event.code))
    })
    return codes
  }

  test.each(editions)(
    '[S1] $name: with a token it works, without one it is closed with 4401',
    async (edition) => {
      const token = await tokenFor('story', 'write')
      const ana = open(edition, { params: { token } })
      ana.write('With a token.')
      await ana.synced()
      const ben = open(edition, { params: { token } })
      await ben.until(() => ben.words === 'With a token.')
      const stranger = open(edition)
      const codes = closesOf(stranger)
      await stranger.until(() => codes.length > 0)
      expect(codes[0]).toBe(4401)
      expect(stranger.words).toBe('')
      expect(stranger.provider.synced).toBe(false)
    },
  )

  test.each(editions.filter(({ staysAway }) => staysAway))(
    '[L1] $name: who is refused does not come back by itself, and is let in with another token',
    async (edition) => {
      const wrong = ['', await tokenFor('elsewhere', 'write'), await tokenFor('story', 'write', '-1h')]
      const params: Record<string, string> = {}
      const ana = open(edition, { params })
      for (const token of wrong) {
        params['token'] = token
        if (!ana.provider.shouldConnect) ana.provider.connect()
        await ana.until(() => !ana.provider.shouldConnect)
      }
      expect(ana.tries).toBe(wrong.length)
      params['token'] = await tokenFor('*', 'write')
      await ana.comeBack()
    },
  )

  test.each(editions)(
    '[S1] $name: who may only read reads, and is closed with 4403 when it writes',
    async (edition) => {
      const ana = open(edition, { params: { token: await tokenFor('story', 'write') } })
      ana.write('Read this.')
      await ana.synced()
      const reader = open(edition, { params: { token: await tokenFor('story', 'read') } })
      await reader.until(() => reader.words === 'Read this.')
      const codes = closesOf(reader)
      reader.write('Not that.')
      await reader.until(() => codes.includes(4403))
      expect(ana.words).toBe('Read this.')
    },
  )
})
