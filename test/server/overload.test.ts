// Too much to do: the relay's host is told how late it is, puts off what can wait, and says so on both wires.
import * as Y from 'yjs'
import { beforeEach, expect, test } from 'vitest'
import { documentClasses } from '../../server/document-class.ts'
import { LoadWatch, tickMs } from '../../server/load-watch.ts'
import { changesGatherMs, joinsAtOnce } from '../../shared/limits.ts'
import { closedCode, comeBack, entryKind, knowledgeKind, relayMode } from '../../shared/message.ts'
import { samplesToFall, samplesToRise, thresholds } from '../../shared/overload.ts'
import { stockClose } from '../../shared/stock-wire.ts'
import { HostDevice } from '../host-device.ts'
import { NativePeer, StockPeer, TestRelay } from '../host-peers.ts'

let relay: TestRelay

beforeEach(async () => {
  relay = new TestRelay()
  relay.classOf = (document) => (document.startsWith('bulk') ? 'bulk' : 'normal')
  await relay.start()
})

function look(loopLagMs: number, times: number): void {
  for (let n = 0; n < times; n++) relay.host.look(loopLagMs, 0)
}

const getBusy = () => look(thresholds.busy.loopLagMs, samplesToRise)
const getCalm = () => look(0, samplesToFall)

let clients = 500

function updateSaying(words: string): Uint8Array {
  const doc = new Y.Doc()
  doc.clientID = clients++
  doc.getText('text').insert(0, words)
  return Y.encodeStateAsUpdate(doc)
}

async function joined(name: number, document: string): Promise<NativePeer> {
  const peer = new NativePeer(relay, name)
  peer.open(document)
  await relay.write()
  return peer
}

test('[B1] everyone is told when there is too much to do, newcomers at once, and when it is over', async () => {
  const ana = await joined(1, 'story')
  getBusy()
  expect(ana.take('mode')).toMatchObject([{ mode: relayMode.shed, classes: 1, afterMs: 5_000 }])
  const ben = await joined(2, 'story')
  expect(ben.take('mode')).toMatchObject([{ mode: relayMode.shed }])
  getCalm()
  for (const peer of [ana, ben]) expect(peer.take('mode')).toMatchObject([{ mode: relayMode.normal }])
  expect(relay.reports).toEqual(['load-high', 'load-normal'])
})

test('[B1] what is bulk is put off while the relay is busy, on both wires; edits on open links go on', async () => {
  const ana = await joined(1, 'bulk')
  const { epoch, seal } = ana.opened()
  getBusy()
  const ben = await joined(2, 'bulk')
  expect(ben.take('closed')).toMatchObject([
    { code: closedCode.notNow, comeBack: comeBack.later, afterMs: 5_000 },
  ])
  const eve = new StockPeer(relay, 'bulk')
  expect(eve.ended).toMatchObject([{ code: stockClose.tooSlow }])
  ana.push(updateSaying('still here'))
  await relay.write()
  expect(ana.take('ack')).toHaveLength(1)
  const back = new NativePeer(relay, 3)
  back.open('bulk', { kind: knowledgeKind.cursor, epoch, seal, position: 0 })
  await relay.write()
  expect(back.take('opened')).toHaveLength(1)
  expect((await joined(4, 'story')).take('opened')).toHaveLength(1)
  getCalm()
  expect((await joined(2, 'bulk')).take('opened')).toHaveLength(1)
})

test('[B1] lists of what changed wait while the relay is busy, and come when it is not', async () => {
  const ana = await joined(1, 'story')
  const following = new NativePeer(relay, 2)
  following.askChanges(undefined, true)
  await relay.write()
  following.take('changed')
  getBusy()
  const newcomer = new NativePeer(relay, 3)
  newcomer.askChanges()
  ana.push(updateSaying('words'), entryKind.repair)
  await relay.write()
  relay.now += changesGatherMs
  relay.host.woke()
  await relay.write()
  expect([...newcomer.take('changed'), ...following.take('changed')]).toEqual([])
  getCalm()
  await relay.write()
  for (const peer of [newcomer, following])
    expect(peer.take('changed').flatMap(({ documents }) => documents)).toMatchObject([{ document: 'story' }])
})

test('[L1] a stampede after a restart: so many at a time, the others come again by themselves, and all are served', async () => {
  const writer = await joined(1, 'story')
  writer.push(updateSaying('words'))
  await relay.write()
  relay.die()
  await relay.start()
  const count = joinsAtOnce.settling + 30
  const devices = Array.from({ length: count }, (_, index) => new HostDevice(relay, index + 2))
  for (const device of devices) {
    device.open('story')
    // All at once: the relay has read nothing yet.
    device.tell({ type: 'workOfflineSet', isOn: false })
  }
  await devices[0]!.settle()
  const served = () => devices.filter((device) => device.textOf('story') === 'words').length
  expect(served()).toBe(joinsAtOnce.settling)
  const waiting = devices.filter((device) => device.status.get('story')?.waitingFor === 'relayBusy')
  expect(waiting).toHaveLength(30)
  relay.now += 1_000
  for (const device of waiting) device.tell({ type: 'woken' })
  await devices[0]!.settle()
  expect(served()).toBe(count)
})

test('[L1] a relay that is started for the first time lets a whole class in at once', async () => {
  const devices = Array.from(
    { length: joinsAtOnce.settling + 30 },
    (_, index) => new HostDevice(relay, index),
  )
  for (const device of devices) {
    device.open('story')
    device.tell({ type: 'workOfflineSet', isOn: false })
  }
  await devices[0]!.settle()
  expect(devices.map((device) => device.status.get('story')?.waitingFor)).not.toContain('relayBusy')
})

test('[D1] a disk that refuses is told: nobody is asked to push until it writes', async () => {
  const ana = await joined(1, 'story')
  relay.disk.failNext('full', 1)
  ana.push(updateSaying('words'))
  await relay.write()
  look(0, 1)
  expect(ana.take('mode')).toMatchObject([{ mode: relayMode.readOnly }])
  relay.now += 1_000
  relay.host.woke()
  await relay.write()
  expect(ana.take('ack')).toHaveLength(1)
  look(0, 1)
  expect(ana.take('mode')).toMatchObject([{ mode: relayMode.normal }])
  // That is no load, and no end of one.
  expect(relay.reports).toEqual(['write-failed', 'disk-refuses', 'disk-writes'])
})

test('[T1] for how long a disk refused says nothing of how fast it is: nothing is put off when it writes again', async () => {
  const ana = await joined(1, 'story')
  relay.disk.failNext('full', 10)
  ana.push(updateSaying('words'))
  for (let seconds = 0; seconds < 10; seconds++) {
    await relay.write()
    look(0, 1)
    relay.now += 1_000
    relay.host.woke()
  }
  await relay.write()
  look(0, 1)
  expect(ana.take('ack')).toHaveLength(1)
  expect(ana.take('mode')).toMatchObject([{ mode: relayMode.readOnly }, { mode: relayMode.normal }])
  expect(new Set(relay.reports)).toEqual(new Set(['write-failed', 'disk-refuses', 'disk-writes']))
})

test('[B1] how late a process comes is what its latest tick of a second was late', () => {
  let now = 0
  const looks: number[] = []
  const watch = new LoadWatch(
    () => now,
    (lateMs) => looks.push(lateMs),
  )
  for (const lateMs of [0, 0, 300, 0, 20, 0, 0, 0, 0, 0, ...Array.from({ length: 10 }, () => 1)]) {
    now += tickMs + lateMs
    watch.ticked()
  }
  expect(looks).toEqual([300, 1])
})

test('[B1] what the application says of a document counts, unless it is nonsense', () => {
  const reports: string[] = []
  const classOf = documentClasses(
    ({ tenant, document }) => {
      if (document === 'broken') throw new Error('no')
      return document === 'odd' ? ('huge' as 'bulk') : tenant === 'slow' ? 'bulk' : 'critical'
    },
    ({ code }) => reports.push(code),
  )!
  expect([classOf('slow', 'a'), classOf('fast', 'a')]).toEqual(['bulk', 'critical'])
  expect(reports).toEqual([])
  expect([classOf('fast', 'broken'), classOf('fast', 'odd')]).toEqual(['normal', 'normal'])
  expect(reports).toEqual(['class-unknown', 'class-unknown'])
})
