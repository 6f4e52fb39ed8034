// The pair that most applications use, y-websocket with y-indexeddb, through reloads and without a network: what the
// device has, the relay gets, and the other way round.
import * as fake from 'fake-indexeddb'
import { IndexeddbPersistence } from 'y-indexeddb'
import * as Y from 'yjs'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { InteropClient, editions } from '../interop-client.ts'
import type { Edition } from '../interop-client.ts'
import { startRelayProcess } from '../relay-process.ts'
import type { RelayProcess } from '../relay-process.ts'

vi.stubGlobal('indexedDB', new fake.IDBFactory())
vi.stubGlobal('IDBKeyRange', fake.IDBKeyRange)

let relay: RelayProcess
let tabs: Tab[]

beforeEach(async () => {
  relay = await startRelayProcess()
  tabs = []
})

afterEach(async () => {
  for (const tab of tabs) await tab.close()
  await relay[Symbol.asyncDispose]()
})

/** A page that keeps the document on its device. */
class Tab {
  readonly client: InteropClient
  readonly rows: IndexeddbPersistence
  #isClosed = false

  constructor(edition: Edition, url: string, device: string) {
    const doc = new Y.Doc()
    this.rows = new IndexeddbPersistence(device, doc)
    this.client = new InteropClient(edition, url, { doc })
    tabs.push(this)
  }

  async loaded(): Promise<this> {
    await this.rows.whenSynced
    return this
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    // It writes behind the transaction: a read through the same database comes after it.
    await this.rows.get('written')
    this.client[Symbol.dispose]()
    await this.rows.destroy()
  }
}

describe.each(editions.filter(({ name }) => !name.startsWith('@y/')))('$name and y-indexeddb', (edition) => {
  const device = `${edition.name} device`

  test('[D3] what is written offline is there after a reload, and reaches the relay after another', async () => {
    const { data, port, url } = relay
    const first = await new Tab(edition, url, `${device} 1`).loaded()
    await first.client.synced()
    first.client.write('Online. ')
    await relay.kill()
    first.client.write('Offline. ')
    await first.close()

    const second = await new Tab(edition, url, `${device} 1`).loaded()
    expect(second.client.words).toBe('Online. Offline. ')
    second.client.write('Still offline. ')
    await second.close()

    relay = await startRelayProcess({ data, port })
    const third = await new Tab(edition, url, `${device} 1`).loaded()
    await third.client.synced()
    const other = new Tab(edition, url, `${device} 2`)
    await other.client.until(() => other.client.words === 'Online. Offline. Still offline. ')
  })

  test('[C1] two devices that wrote offline, each through a reload, end with one text', async () => {
    const { data, port, url } = relay
    for (const name of ['a', 'b']) {
      const tab = await new Tab(edition, url, `${device} ${name}`).loaded()
      await tab.client.synced()
      await tab.close()
    }
    await relay.kill()
    for (const name of ['a', 'b', 'a', 'b']) {
      const tab = await new Tab(edition, url, `${device} ${name}`).loaded()
      tab.client.write(`${name} wrote. `)
      await tab.close()
    }
    relay = await startRelayProcess({ data, port })
    const ana = await new Tab(edition, url, `${device} a`).loaded()
    const ben = await new Tab(edition, url, `${device} b`).loaded()
    const hasAll = (words: string) => words.split('wrote. ').length === 5
    await ana.client.until(() => hasAll(ana.client.words))
    await ben.client.until(() => hasAll(ben.client.words))
    expect(ana.client.words).toBe(ben.client.words)
  })

  test('[C1] a device that kept the document comes back with what it lacks, not with all of it', async () => {
    const { url } = relay
    const first = await new Tab(edition, url, `${device} lacks`).loaded()
    await first.client.synced()
    first.client.write('x'.repeat(100_000))
    const other = new Tab(edition, url, `${device} other`)
    await other.client.until(() => other.client.words.length === 100_000)
    await first.close()
    other.client.write('More.')
    const second = await new Tab(edition, url, `${device} lacks`).loaded()
    let largest = 0
    const { doc } = second.rows
    doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin !== second.rows) largest = Math.max(largest, update.length)
    })
    await second.client.until(() => second.client.words.endsWith('More.'))
    expect(largest).toBeLessThan(1_000)
  })
})
