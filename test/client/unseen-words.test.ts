// unseen-words.test.ts — words that another device removes without having seen them, on real devices: whoever has the
// document notices them, though they met while it was closed. [D3]
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as Y from 'yjs'
import { updatesIn } from '../../client/index.ts'
import { unseenWords } from '../../types/index.ts'
import { eventually } from '../eventually.ts'
import { startRelayProcess } from '../relay-process.ts'
import type { RelayProcess } from '../relay-process.ts'
import { Device, untilStatus } from './device.ts'

let relay: RelayProcess

beforeAll(async () => {
  relay = await startRelayProcess()
})

afterAll(async () => {
  await relay?.[Symbol.asyncDispose]()
})

const proseOf = ({ doc }: { readonly doc: Y.Doc }): Y.XmlFragment => doc.getXmlFragment('prose')

/** A device of somebody, and what it noticed since it was last started. */
class Noticing extends Device {
  readonly noticed: string[] = []

  constructor() {
    const noticed: string[] = []
    super(relay.url, {
      prepare: (doc) =>
        doc.on('afterTransaction', (transaction) => {
          for (const { runs } of unseenWords(transaction, updatesIn(transaction), proseOf({ doc })))
            noticed.push(runs.map(({ text }) => text).join(''))
        }),
    })
    this.noticed = noticed
  }

  async restart(): Promise<void> {
    await this.kill()
    this.noticed.length = 0
    this.revive()
  }
}

test('[D3] who wrote, who removed and who comes later notice the same words, and again whenever the document is opened', async () => {
  await using ann = new Noticing()
  await using bob = new Noticing()
  await using cem = new Noticing()
  const [begun, atBob] = [ann.open('words'), bob.open('words')]
  const paragraph = new Y.XmlElement('paragraph')
  paragraph.insert(0, [new Y.XmlText('words')])
  proseOf(begun).insert(0, [paragraph])
  await eventually([atBob.doc], () => proseOf(atBob).length === 1)
  await begun.saved()

  ann.workspace.workOffline(true)
  await untilStatus(ann.workspace.status, ({ reason }) => reason === 'workOffline')
  const text = (proseOf(begun).get(0) as Y.XmlElement).get(0) as Y.XmlText
  text.insert(5, ', mine')
  await untilStatus(begun.status, ({ inMemory, pending }) => inMemory === 0 && pending === 1)
  proseOf(atBob).delete(0, 1)
  await atBob.saved()
  await ann.restart()
  const atAnn = ann.open('words')
  await atAnn.loaded
  expect(proseOf(atAnn).toString()).toContain(', mine')
  await untilStatus(atAnn.status, ({ isSaved, isUpToDate }) => isSaved && isUpToDate)
  expect(ann.noticed).toEqual([', mine'])
  await eventually([atBob.doc], () => bob.noticed.length === 1)
  const atCem = cem.open('words')
  await untilStatus(atCem.status, ({ isUpToDate }) => isUpToDate)

  // Nobody was there when they met.
  await ann.restart()
  ann.workspace.workOffline(true)
  await ann.open('words').loaded
  for (const { noticed } of [ann, bob, cem]) expect(noticed).toEqual([', mine'])
})
