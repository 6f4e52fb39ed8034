// A difference of very many pieces is handed over: the same work for each of them, however many there are.
import { expect, test } from 'vitest'
import { WorkshopHere } from '../../server/workshop-here.ts'
import { Feeding } from '../../shared/feeding.ts'
import { knowledgeKind } from '../../shared/message.ts'
import type { RoomEffect } from '../../shared/room-words.ts'
import { NativePeer, TestRelay } from '../host-peers.ts'

const stateVector = Uint8Array.of(1, 9, 1)
const deleted = Uint8Array.of(1, 1, 5, 0, 0, 1, 0)
const piecesMany = 50_000

/** Its documents come apart into as many pieces as there are in no real one. */
class WorkshopOfCrumbs extends WorkshopHere {
  override async difference(): Promise<Uint8Array[]> {
    return Array.from({ length: piecesMany }, () => deleted)
  }
}

test('[B1] [C2] a difference of 50,000 pieces arrives in its order, and no step is within another', async () => {
  const relay = new TestRelay()
  relay.workshop = new WorkshopOfCrumbs()
  await relay.start()
  const ana = new NativePeer(relay, 1)
  ana.open()
  await relay.write()
  const { epoch } = ana.opened()
  ana.push(deleted)
  await relay.write()
  const ben = new NativePeer(relay, 2)
  ben.open('story', { kind: knowledgeKind.content, epoch, stateVector })
  await relay.write()
  const types = ben.heard.map(({ type }) => type).filter((type) => type === 'piece' || type === 'caughtUp')
  expect(types).toHaveLength(piecesMany + 1)
  expect(types.indexOf('caughtUp')).toBe(piecesMany)
})

test('[B1] to hand over a piece does not touch those that come after it', () => {
  let reads = 0
  const pieces = new Proxy(
    Array.from({ length: 1_000 }, () => deleted),
    {
      get: (target, name, receiver): unknown => {
        reads += 1
        return Reflect.get(target, name, receiver)
      },
    },
  )
  const effects: RoomEffect[] = []
  const feeding = new Feeding(1, (effect) => effects.push(effect))
  feeding.begin(5, 0, 0)
  feeding.seatAsked(1, 'native')
  feeding.knew(1, stateVector)
  feeding.differenceMade(1, 5, pieces)
  while (effects.at(-1)?.type === 'goOn') feeding.wentOn(1)
  expect(effects.filter((effect) => effect.type === 'tell')).toHaveLength(pieces.length + 1)
  expect(reads).toBeLessThan(5_000)
})
