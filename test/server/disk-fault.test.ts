// The relay's host on a real LevelDB that fails: what it says, what it does not say, and how it gets up again.
import * as Y from 'yjs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { durability as durabilityWord, knowledgeKind } from '../../shared/message.ts'
import { NativePeer, StockPeer } from '../host-peers.ts'
import { DiskRelay } from './disk-relay.ts'
import { failureMessages } from './failing-level.ts'

let relay: DiskRelay

beforeEach(async () => {
  relay = await DiskRelay.make()
})

afterEach(async () => {
  await relay.remove()
})

/** A person's Y.Doc, each edit one update. */
class Author {
  readonly doc = new Y.Doc()
  #update: Uint8Array = new Uint8Array()

  constructor(client: number) {
    this.doc.clientID = client
    this.doc.on('update', (update: Uint8Array) => {
      this.#update = update
    })
  }

  write(words: string): Uint8Array {
    this.doc.getText('text').insert(0, words)
    return this.#update
  }
}

async function joined(name: number): Promise<NativePeer> {
  const peer = new NativePeer(relay, name)
  peer.open()
  await relay.until(() => peer.heard.some(({ type }) => type === 'opened'))
  peer.opened()
  peer.heard.length = 0
  return peer
}

async function joinedStock(): Promise<StockPeer> {
  const peer = new StockPeer(relay)
  peer.ask()
  await relay.until(() => peer.heard.some(({ type }) => type === 'step2'))
  peer.heard.length = 0
  return peer
}

/** What a newcomer is given. */
async function textOf(document = 'story'): Promise<string> {
  const peer = new StockPeer(relay, document)
  peer.ask()
  await relay.until(() => peer.heard.some(({ type }) => type === 'step2'))
  const doc = new Y.Doc()
  for (const message of peer.heard) {
    if (message.type === 'step2' || message.type === 'update') Y.applyUpdate(doc, message.update)
  }
  peer.lose()
  return doc.getText('text').toString()
}

function ackedBy(peer: NativePeer): number {
  const acks = peer.heard.flatMap((message) => (message.type === 'ack' ? message.ranges : []))
  return acks.reduce((sum, { count }) => sum + count, 0)
}

describe.each(['full', 'broken'] as const)('a disk that is %s', (code) => {
  test.each([
    ['before the log has the batch', [false, false, false]],
    ['after the log has it', [true, true]],
    ['now so, now so', [true, false, true]],
  ])(
    '[D1] [D2] [L1] and says so %s: nothing is said of what it has not, until it writes again',
    async (_when, applied) => {
      await relay.start()
      const [ana, ben, eve] = [await joined(1), await joined(2), await joinedStock()]
      const failures = applied.map((isApplied) => ({ message: failureMessages[code], isApplied }))
      relay.level.failures.push(...failures)
      const author = new Author(1)
      ana.push(author.write('native '))
      eve.update(new Author(2).write('stock '))
      await relay.until(() => relay.reports.includes('disk-refuses'))
      expect(relay.host.state.isRefused).toBe(true)
      expect([...ana.heard, ...ben.heard, ...eve.heard]).toEqual([])

      ana.push(author.write('meanwhile '))
      await relay.until(() => ackedBy(ana) === 2)
      await relay.until(() => ben.heard.some(({ type }) => type === 'delivery'))
      await relay.until(() => eve.heard.some(({ type }) => type === 'update'))
      expect(relay.level.failures).toEqual([])
      expect(relay.host.state.isRefused).toBe(false)
      expect(relay.reports.findLast((report) => report.startsWith('disk-'))).toBe('disk-writes')

      await relay.stop()
      await relay.start()
      expect((await textOf()).split(' ').toSorted()).toEqual(['', 'meanwhile', 'native', 'stock'])
    },
  )
})

test('[D1] [D2] while a sync is slow nothing is said of what it holds; what comes meanwhile is one batch', async () => {
  await relay.start()
  const [ana, ben, eve] = [await joined(1), await joined(2), await joinedStock()]
  const writesBefore = relay.level.syncs.length
  let letWrite = () => undefined as void
  relay.level.writingOn = new Promise((resolve) => {
    letWrite = resolve
  })
  const author = new Author(1)
  ana.push(author.write('0 '))
  await relay.until(() => relay.level.syncs.length === writesBefore + 1)
  for (let n = 1; n <= 20; n++) ana.push(author.write(`${n} `))
  eve.update(new Author(2).write('stock '))
  await relay.turns()
  expect([...ana.heard, ...ben.heard, ...eve.heard]).toEqual([])
  expect(await textOf()).toBe('')
  letWrite()
  await relay.until(() => ana.take('ack').some(({ ranges }) => ranges.some(({ count }) => count === 20)))
  expect(relay.level.syncs.slice(writesBefore)).toEqual([true, true])
  expect((await textOf()).split(' ')).toHaveLength(23)
})

test('[T1] who takes the operating system’s word says so, and syncs nothing for an edit', async () => {
  await relay.start('written')
  const ana = new NativePeer(relay, 1)
  ana.open('story', { kind: knowledgeKind.nothing })
  await relay.until(() => ana.heard.some(({ type }) => type === 'opened'))
  expect(ana.take('welcome')).toMatchObject([{ durability: durabilityWord.os }])
  ana.push(new Author(1).write('words'))
  await relay.until(() => ana.heard.some(({ type }) => type === 'ack'))
  expect(relay.level.syncs.every((isSynced) => !isSynced)).toBe(true)
  await relay.stop()
  await relay.start('written')
  expect(await textOf()).toBe('words')
})

test('[D1] [L1] when the disk is repaired while it runs everyone is sent away, comes back and gives what it has', async () => {
  await relay.start()
  const [ana, eve] = [await joined(1), await joinedStock()]
  const author = new Author(1)
  ana.push(author.write('before '))
  await relay.until(() => ackedBy(ana) === 1)
  const message = 'Corruption: corrupted compressed block contents'
  relay.level.failures.push({ message, code: 'LEVEL_CORRUPTION', isApplied: false })
  ana.heard.length = 0
  eve.heard.length = 0
  const entry = ana.push(author.write('meanwhile '))
  await relay.until(() => ana.ended.length > 0 && eve.ended.length > 0)
  expect(relay.damages).toEqual(['repaired'])
  expect(ackedBy(ana)).toBe(0)
  expect(ana.take('goodbye')).toHaveLength(1)

  const back = await joined(1)
  back.pushAgain(entry)
  await relay.until(() => ackedBy(back) === 1)
  expect(await textOf()).toBe('meanwhile before ')
  await relay.stop()
  await relay.start()
  expect(await textOf()).toBe('meanwhile before ')
})
