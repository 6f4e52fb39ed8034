// The promise about the disk, tried on the real process: it is killed at random moments while people write, and
// after every restart all that any client was shown has to be there, before anyone could give it back.
import { rm } from 'node:fs/promises'
import * as Y from 'yjs'
import { WebSocket } from 'ws'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { decodeStockFrame, emptyUpdate, isEmptyUpdate } from '../../shared/stock-wire.ts'
import { chanceFrom, seedOfThisRun } from '../chance.ts'
import { eventually } from '../eventually.ts'
import { NativeWriter } from '../native-writer.ts'
import { startRelayProcess, temporaryFolder } from '../relay-process.ts'
import type { RelayProcess } from '../relay-process.ts'
import { StockClient, areStructurallyEqual } from '../stock-client.ts'
import type { SocketClass } from '../stock-client.ts'

/** More of them, with CRASHES=500, take their time. */
const rounds = Number(process.env['CRASHES'] ?? 30)
let data: string
let relay: RelayProcess

beforeEach(async () => {
  data = await temporaryFolder()
  relay = await startRelayProcess({ data })
})

afterEach(async () => {
  await relay.kill()
  await rm(data, { recursive: true })
})

test(`[D1] [D2] whatever any client of either wire was told or shown survives SIGKILL at a random moment, ${rounds} times`, async () => {
  const seed = seedOfThisRun()
  const chance = chanceFrom(seed)
  const { port } = relay
  const witness = new Witness()
  const people = [1, 2, 3].map(() => new StockClient(relay.url, 'story', new Y.Doc(), witness.socketClass))
  const writers = [1, 2].map((name) => new NativeWriter(relay.url, name, (update) => witness.saw(update)))
  await Promise.all([
    ...people.map((person) => person.synced()),
    ...writers.map((writer) => writer.comeBack()),
  ])
  const written: string[] = []
  let shown: Uint8Array = emptyUpdate
  let updatesShown = 0

  for (let round = 0; round < rounds; round++) {
    // What came with the handshake counts too, so some rounds end before a word is written.
    const killed = witness.afterShown(chance.between(1, 60)).then(() => relay.kill())
    await writeUntil(killed, () => {
      const word = `w${written.length} `
      written.push(word)
      const person = chance.oneOf([...people.slice(1), ...writers])
      const { doc } = person
      person.write(word, chance.between(0, doc.getText('text').length))
      if (chance.between(0, 9) === 0) doc.getMap('marks').set(word, round)
    })
    for (const person of [...people, ...writers]) person.goOffline()

    relay = await startRelayProcess({ data, port })
    using newcomer = new StockClient(relay.url, 'story')
    await newcomer.synced()
    const seen = witness.shown.splice(0)
    updatesShown += seen.length
    shown = Y.mergeUpdates([shown, Y.mergeUpdates(seen)])
    const isAllThere = Y.snapshotContainsUpdate(Y.snapshot(newcomer.doc), shown)
    expect(isAllThere, `all that was shown is there after round ${round}, seed ${seed}`).toBe(true)
    await Promise.all([...people, ...writers].map((person) => person.comeBack()))
  }

  expect(updatesShown).toBeGreaterThan(rounds)
  await Promise.all(writers.map((writer) => writer.saved()))
  const docs = [...people, ...writers].map((person) => person.doc)
  await eventually(docs, () => areStructurallyEqual(docs))
  // An insertion may cut a word in two, so letters are counted.
  const letters = people[0]?.doc.getText('text').length
  expect(letters, `letters written, seed ${seed}`).toBe(written.join('').length)
  for (const person of people) person[Symbol.dispose]()
  for (const writer of writers) writer.goOffline()
}, 3_000_000)

async function writeUntil(end: Promise<unknown>, write: () => void): Promise<void> {
  let ended = false
  const ending = end.then(() => {
    ended = true
  })
  while (!ended) {
    write()
    await new Promise(setImmediate)
  }
  await ending
}

/** Sees every frame that reaches any of its clients, before they do. */
class Witness {
  /** Whoever reads it may empty it. */
  readonly shown: Uint8Array[] = []
  #awaited: { count: number; resolve: () => void } | undefined

  /** Resolves when so many updates were shown since `shown` was last emptied. */
  afterShown(count: number): Promise<void> {
    return new Promise((resolve) => {
      this.#awaited = { count, resolve }
      this.#tell()
    })
  }

  saw(update: Uint8Array): void {
    this.shown.push(update)
    this.#tell()
  }

  get socketClass(): SocketClass {
    const see = (content: unknown) => this.#see(content)
    return class extends WebSocket {
      constructor(url: string | URL, protocols?: string | string[]) {
        super(url, protocols)
        this.on('message', see)
      }
    }
  }

  #see(content: unknown): void {
    // y-websocket asks for ArrayBuffers.
    if (!(content instanceof ArrayBuffer)) return
    for (const message of decodeStockFrame(new Uint8Array(content))) {
      if (message.type !== 'update' && message.type !== 'step2') continue
      if (!isEmptyUpdate(message.update)) this.saw(message.update)
    }
  }

  #tell(): void {
    if (this.#awaited !== undefined && this.shown.length >= this.#awaited.count) this.#awaited.resolve()
  }
}
