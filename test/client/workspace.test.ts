// workspace.test.ts — workspaces in Node on the real relay, as an application sees them: writing, going offline, dying,
// coming back, being refused.
import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { MemoryStore, openWorkspace, SynclineError } from '../../client/index.ts'
import type { SynclineDocument } from '../../client/index.ts'
import { chanceFrom, seedOfThisRun } from '../chance.ts'
import { eventually } from '../eventually.ts'
import { startRelayProcess } from '../relay-process.ts'
import type { RelayProcess } from '../relay-process.ts'
import { areStructurallyEqual, StockClient } from '../stock-client.ts'
import { Device, Disk, untilStatus } from './device.ts'

let relay: RelayProcess

beforeAll(async () => {
  relay = await startRelayProcess()
})

afterAll(async () => {
  await relay?.[Symbol.asyncDispose]()
})

const wordsOf = ({ doc }: SynclineDocument): string => doc.getText('text').toString()
const write = ({ doc }: SynclineDocument, words: string, at = doc.getText('text').length): void =>
  doc.getText('text').insert(at, words)
const shows = (document: SynclineDocument, words: string): Promise<void> =>
  eventually([document.doc], () => wordsOf(document) === words)
const live = ({ status }: SynclineDocument): Promise<void> =>
  untilStatus(status, ({ phase }) => phase === 'live')

/** A port where nobody listens. */
const nowhere = 'ws://127.0.0.1:1'

test('[T1] which documents are not at the relay yet is told, those too that nobody opened since', async () => {
  const disk = new Disk()
  const names = ['first', 'second', 'third'].map((name) => `waiting ${name}`)
  {
    await using device = new Device(nowhere, {}, disk)
    expect(device.workspace.status.current.waiting).toEqual([])
    for (const name of names) write(device.open(name), name)
    await untilStatus(device.workspace.status, ({ pending }) => pending === 3)
    expect(device.workspace.status.current.waiting).toEqual(names)
  }
  await using device = new Device(relay.url, {}, disk)
  device.workspace.workOffline(true)
  await untilStatus(device.workspace.status, ({ waiting }) => waiting.length === 3)
  expect(device.workspace.status.current.waiting).toEqual(names)
  device.workspace.workOffline(false)
  await untilStatus(
    device.workspace.status,
    ({ waiting, phase }) => phase === 'ready' && waiting.length === 0,
  )
})

describe('writing together', () => {
  test('[C1] two workspaces write one text, and a third that joins late has the same structure', async () => {
    await using ann = new Device(relay.url)
    await using bob = new Device(relay.url)
    const atAnn = ann.open('together')
    const atBob = bob.open('together')
    write(atAnn, 'From Ann. ')
    await shows(atBob, 'From Ann. ')
    write(atBob, 'From Bob.')
    atBob.doc.getText('text').delete(0, 5)
    await shows(atAnn, 'Ann. From Bob.')
    await using late = new Device(relay.url)
    const atLate = late.open('together')
    await shows(atLate, 'Ann. From Bob.')
    expect(areStructurallyEqual([atAnn.doc, atBob.doc, atLate.doc])).toBe(true)
  })

  test('[C1] maps to which each adds under a key of its own count every addition, offline ones too', async () => {
    const devices = [new Device(relay.url), new Device(relay.url), new Device(relay.url)]
    const counters = devices.map((device) => device.open('votes'))
    await Promise.all(counters.map(live))
    devices[1]?.workspace.workOffline(true)
    for (let round = 1; round <= 40; round++) {
      for (const [index, { doc }] of counters.entries()) doc.getMap('votes').set(String(index), round)
      if (round % 10 === 0) await nextTurn()
    }
    devices[1]?.workspace.workOffline(false)
    const sum = ({ doc }: SynclineDocument): number =>
      [...doc.getMap<number>('votes').values()].reduce((left, right) => left + right, 0)
    await eventually(
      counters.map(({ doc }) => doc),
      () => counters.every((counter) => sum(counter) === 120),
    )
    expect(await Promise.all(counters.map((counter) => counter.saved()))).toEqual(
      counters.map(() => ({ isSaved: true })),
    )
    await Promise.all(devices.map((device) => device[Symbol.asyncDispose]()))
  })

  test('[C1] a stock client and a native one write one document', async () => {
    await using device = new Device(relay.url)
    using stock = new StockClient(relay.url, 'both-wires')
    await stock.synced()
    const native = device.open('both-wires')
    write(native, 'native ')
    await eventually([stock.doc], () => stock.words === 'native ')
    stock.write('stock')
    await shows(native, 'native stock')
    expect(await native.saved()).toEqual({ isSaved: true })
    expect(areStructurallyEqual([native.doc, stock.doc])).toBe(true)
  })

  test('[P1] who comes back to a document before it is closed can say again who is there', async () => {
    await using device = new Device(nowhere)
    const document = device.open('left-and-back')
    const closed = document.close()
    const { awareness } = device.open('left-and-back')
    expect(awareness).toBe(document.awareness)
    awareness.setLocalStateField('user', 'Ann')
    expect(awareness.getLocalState()).toEqual({ user: 'Ann' })
    await closed
  })

  test('[P1] who is there is seen by others, and who closes the document is not', async () => {
    await using ann = new Device(relay.url)
    await using bob = new Device(relay.url)
    const atAnn = ann.open('presence')
    const atBob = bob.open('presence')
    await Promise.all([live(atAnn), live(atBob)])
    const seen = (): unknown[] =>
      [...atBob.awareness.getStates()]
        .filter(([client]) => client !== atBob.awareness.clientID)
        .map(([, state]) => state)
    const changed = (holds: () => boolean): Promise<void> =>
      new Promise((resolve) => {
        const look = (): void => {
          if (holds()) resolve()
        }
        atBob.awareness.on('change', look)
        look()
      })
    atAnn.awareness.setLocalStateField('user', { name: 'Ann' })
    await changed(() => seen().some((state) => JSON.stringify(state) === '{"user":{"name":"Ann"}}'))
    expect(seen()).toHaveLength(1)
    await atAnn.close()
    await changed(() => seen().length === 0)
  })
})

describe('without a relay', () => {
  test('[L1] a document is usable at once, and nothing hangs for being offline', async () => {
    await using device = new Device(nowhere)
    const document = device.open('alone')
    write(document, 'typed before anything was read')
    await document.loaded
    expect(await document.saved()).toEqual({ isSaved: false, reason: 'relayAway' })
    device.workspace.workOffline(true)
    await untilStatus(device.workspace.status, ({ reason }) => reason === 'workOffline')
    expect(await document.saved()).toEqual({ isSaved: false, reason: 'workOffline' })
    expect(document.status.current).toMatchObject({ inMemory: 0, pending: 1, isSaved: false })
    await document.close()
  })

  test('[D3] what was written offline is there after closing, and goes up when there is a relay', async () => {
    const disk = new Disk()
    {
      await using device = new Device(nowhere, {}, disk)
      write(device.open('later'), 'Written in a tunnel.')
    }
    await using device = new Device(relay.url, {}, disk)
    const document = device.open('later')
    await document.loaded
    expect(wordsOf(document)).toBe('Written in a tunnel.')
    expect(await document.saved()).toEqual({ isSaved: true })
    await using other = new Device(relay.url)
    await shows(other.open('later'), 'Written in a tunnel.')
  })

  test('[D3] a document that nobody opens any more still goes up', async () => {
    const disk = new Disk()
    {
      await using device = new Device(nowhere, {}, disk)
      write(device.open('forgotten'), 'Do not forget me.')
    }
    await using device = new Device(relay.url, {}, disk)
    await using other = new Device(relay.url)
    await shows(other.open('forgotten'), 'Do not forget me.')
    expect(device.workspace.status.current.phase).toBe('ready')
  })

  test('[D1] a relay that is killed and comes back is given what it lacks, and all meet [C1]', async () => {
    await using mortal = await startRelayProcess()
    await using ann = new Device(mortal.url)
    await using bob = new Device(mortal.url)
    const atAnn = ann.open('again')
    const atBob = bob.open('again')
    write(atAnn, 'before ')
    await shows(atBob, 'before ')
    await mortal.kill()
    await untilStatus(ann.workspace.status, ({ phase }) => phase === 'waiting')
    write(atAnn, 'ann ')
    write(atBob, 'bob ')
    expect(await atAnn.saved()).toEqual({ isSaved: false, reason: 'relayAway' })
    await using risen = await startRelayProcess({ data: mortal.data, port: mortal.port })
    ann.workspace.retryNow()
    bob.workspace.retryNow()
    const all = (document: SynclineDocument): boolean => wordsOf(document).length === 'before ann bob '.length
    await eventually([atAnn.doc, atBob.doc], () => all(atAnn) && all(atBob))
    expect(wordsOf(atAnn)).toBe(wordsOf(atBob))
    expect(await Promise.all([atAnn.saved(), atBob.saved()])).toEqual([{ isSaved: true }, { isSaved: true }])
    expect(risen.port).toBe(mortal.port)
  })
})

describe('dying', () => {
  test('[D3] a workspace that is killed anywhere has on its disk what its status said, relay or not', async () => {
    const seed = seedOfThisRun()
    const chance = chanceFrom(seed)
    for (let round = 0; round < 25; round++) {
      const name = `mortal-${seed}-${round}`
      const device = new Device(round % 2 === 0 ? relay.url : nowhere)
      const document = device.open(name)
      let typed = 0
      for (let step = 0; step < 15; step++) {
        for (let keys = chance.between(0, 4); keys > 0; keys--) {
          document.doc.getArray('keys').push([typed])
          typed += 1
        }
        for (let turns = chance.between(0, 3); turns > 0; turns--) await nextTurn()
      }
      const { inMemory } = document.status.current
      await device.kill()

      device.revive()
      const again = device.open(name)
      await again.loaded
      const kept = again.doc.getArray('keys').toArray()
      const told = `seed ${seed}, round ${round}: ${typed} typed, ${inMemory} in memory`
      expect(kept.length, told).toBeGreaterThanOrEqual(typed - inMemory)
      expect(kept, told).toEqual(kept.map((_, index) => index))
      await device[Symbol.asyncDispose]()
    }
  })

  test('[D3] killed and revived with half of it acknowledged, it ends with each edit once [C1]', async () => {
    const device = new Device(relay.url)
    let document = device.open('halves')
    for (let round = 0; round < 6; round++) {
      for (let key = 0; key < 20; key++) document.doc.getArray('keys').push([round * 20 + key])
      await untilStatus(document.status, ({ inMemory }) => inMemory === 0)
      await device.kill()
      device.revive()
      document = device.open('halves')
      await document.loaded
    }
    await live(document)
    expect(await document.saved()).toEqual({ isSaved: true })
    await using other = new Device(relay.url)
    const atOther = other.open('halves')
    await eventually([atOther.doc], () => atOther.doc.getArray('keys').length === 120)
    expect(atOther.doc.getArray('keys').toArray()).toEqual(Array.from({ length: 120 }, (_, index) => index))
    await device[Symbol.asyncDispose]()
  })
})

describe('being refused', () => {
  test('[R1] an edit that speaks for somebody else is in the inbox, and nowhere else', async () => {
    await using ann = new Device(relay.url)
    await using bob = new Device(relay.url)
    const atAnn = ann.open('refusals')
    const atBob = bob.open('refusals')
    write(atAnn, 'mine')
    await shows(atBob, 'mine')
    expect(await atAnn.saved()).toEqual({ isSaved: true })

    const before = atBob.doc
    const rebuilt = new Promise((resolve) => atBob.onRebuilt(resolve))
    before.clientID = atAnn.doc.clientID
    write(atBob, ' stolen')
    await untilStatus(atBob.status, ({ refused, pending }) => refused === 1 && pending === 0)
    await untilStatus(bob.workspace.refused, ({ length }) => length === 1)
    expect(await rebuilt).toBe(atBob.doc)
    expect(atBob.doc).not.toBe(before)
    expect([wordsOf(atAnn), wordsOf(atBob)]).toEqual(['mine', 'mine'])

    write(atBob, ' and yours')
    await shows(atAnn, 'mine and yours')
    const [edit] = bob.workspace.refused.current
    expect(edit).toMatchObject({ document: 'refusals' })
    expect(JSON.parse(bob.workspace.refused.export())).toMatchObject([{ document: 'refusals' }])
    await bob.workspace.refused.discard(edit!)
    expect(bob.workspace.refused.current).toEqual([])
    expect(atBob.status.current.refused).toBe(0)
  })
})

describe('the store', () => {
  test('[B1] a thousand openings leave it no larger', async () => {
    const disk = new Disk()
    {
      await using device = new Device(relay.url, {}, disk)
      const document = device.open('opened-often')
      write(document, 'once')
      await document.saved()
    }
    const before = await disk.entries()
    for (let opening = 0; opening < 1000; opening++) {
      await using device = new Device(nowhere, {}, disk)
      await device.open('opened-often').loaded
    }
    const size = (entries: typeof before): number =>
      entries.reduce((sum, { key, value }) => sum + key.length + value.length, 0)
    const after = await disk.entries()
    expect(after).toHaveLength(before.length)
    // The term counts how often a tab took the lead.
    expect(size(after) - size(before)).toBeLessThanOrEqual(2)
  })

  test('[C2] rows that the relay has become one, those that it lacks stay, and the text is the same', async () => {
    const disk = new Disk()
    {
      await using device = new Device(relay.url, {}, disk)
      const document = device.open('folded')
      for (let key = 0; key < 400; key++) write(document, 'x')
      await document.saved()
    }
    {
      await using device = new Device(nowhere, {}, disk)
      const document = device.open('folded')
      await document.loaded
      for (let key = 0; key < 10; key++) write(document, 'y')
      await untilStatus(document.status, ({ inMemory }) => inMemory === 0)
      while (disk.largestRemoval < 200) await nextTurn()
    }
    const rows = (await disk.entries()).filter(({ key }) => key[0] === 'd'.charCodeAt(0))
    expect(rows.length).toBeLessThan(250)
    await using device = new Device(relay.url, {}, disk)
    const document = device.open('folded')
    await document.loaded
    expect(wordsOf(document)).toBe('x'.repeat(400) + 'y'.repeat(10))
    expect(await document.saved()).toEqual({ isSaved: true })
    await using other = new Device(relay.url)
    await shows(other.open('folded'), wordsOf(document))
  })

  test('[T1] a store that cannot be opened is said to be none, and the work goes on with the relay', async () => {
    const { StoreError } = await import('../../shared/store.ts')
    const broken = {
      isDurable: true,
      sharedName: undefined,
      open: () => Promise.reject(new StoreError('broken', 'There is no disk.')),
    }
    const { WebSocket } = await import('ws')
    const workspace = openWorkspace({ url: relay.url, store: broken, socketClass: WebSocket })
    const document = workspace.open('no-disk')
    write(document, 'kept nowhere')
    await document.loaded
    expect(workspace.status.current).toMatchObject({ keeps: 'memory', storeError: 'There is no disk.' })
    expect(await document.saved()).toEqual({ isSaved: true })
    await workspace.close()
  })
})

test('what cannot be is told by one error with a code', async () => {
  const { WebSocket } = await import('ws')
  const workspace = openWorkspace({ url: nowhere, store: new MemoryStore(), socketClass: WebSocket })
  for (const name of ['', 'x'.repeat(1025), '\ud800'])
    expect(() => workspace.open(name)).toThrow(expect.objectContaining({ code: 'bad-name' }) as Error)
  await workspace.close()
  expect(() => workspace.open('notes')).toThrow(SynclineError)
  expect(workspace.status.current.phase).toBe('closed')
})
