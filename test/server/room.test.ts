// A room of the relay on a log that the test holds back: what is said before the disk has it, and what is not.
import * as Y from 'yjs'
import { expect, test } from 'vitest'
import { Room } from '../../server/room.ts'
import type { RoomLink } from '../../server/room.ts'
import { decodeStockFrame } from '../../shared/stock-wire.ts'

class HeardLink implements RoomLink {
  readonly heard: string[] = []
  waiting = 0
  readonly send = (frame: Uint8Array) =>
    void this.heard.push(...decodeStockFrame(frame).map(({ type }) => type))
  readonly deliver = (frames: readonly Uint8Array[]) => frames.forEach(this.send)
  readonly stream = async (frames: AsyncIterable<Uint8Array>) => {
    for await (const frame of frames) this.send(frame)
  }
  readonly uncommitted = (bytes: number) => {
    this.waiting += bytes
  }
}

async function* nothing(): AsyncGenerator<Uint8Array, void, undefined> {}

function updateOf(words: string): Uint8Array {
  const doc = new Y.Doc()
  doc.getText('text').insert(0, words)
  return Y.encodeStateAsUpdate(doc)
}

async function roomWith(...links: HeardLink[]) {
  const appended: Uint8Array[] = []
  const append = ({ update }: { update: Uint8Array }) => void appended.push(update)
  const room = new Room('story', { append, read: nothing }, () => undefined)
  for (const link of links) await room.join(link)
  for (const link of links) link.heard.length = 0
  return { room, appended }
}

test.each(['update', 'step2'] as const)(
  '[D2] a %s with news is shown to nobody before it is durable',
  async (type) => {
    const ana = new HeardLink()
    const ben = new HeardLink()
    const { room, appended } = await roomWith(ana, ben)
    void room.receive(ana, { type, update: updateOf('news') })
    expect([...ana.heard, ...ben.heard]).toEqual([])
    room.committed(appended)
    expect([ana.heard, ben.heard]).toEqual([['update'], ['update']])
  },
)

test('[D1] a copy of what is on its way to the disk is not said to be there before the first copy is', async () => {
  const ana = new HeardLink()
  const { room, appended } = await roomWith(ana)
  const update = updateOf('twice')
  void room.receive(ana, { type: 'update', update })
  void room.receive(ana, { type: 'step2', update })
  expect(ana.heard).toEqual([])
  room.committed(appended)
  expect(ana.heard.every((type) => type === 'update')).toBe(true)
  expect(ana.heard.length).toBeGreaterThan(0)
})

test('[D1] a room stays until all that it was told is on the disk', async () => {
  const ana = new HeardLink()
  const { room, appended } = await roomWith(ana)
  void room.receive(ana, { type: 'update', update: updateOf('last words') })
  room.leave(ana)
  expect(room.idle).toBe(false)
  room.committed(appended)
  expect(room.idle).toBe(true)
})

test('[B1] what a link sent counts as waiting until the disk has it', async () => {
  const ana = new HeardLink()
  const { room, appended } = await roomWith(ana)
  const update = updateOf('counted')
  void room.receive(ana, { type: 'update', update })
  expect(ana.waiting).toBe(update.length)
  room.committed(appended)
  expect(ana.waiting).toBe(0)
})
