// The simulated disk keeps the contract of stores, and loses what a real disk may lose, no more, the same for each seed.
import { describe, expect, test } from 'vitest'
import type { Store, WriteDurability } from '../../shared/store.ts'
import { chanceFrom } from '../chance.ts'
import { all, bytes, contents, put, storeContract, storeFailureContract, text } from '../store-contract.ts'
import { SimulatedDisk } from './disk.ts'

async function promptPlace() {
  const disk: SimulatedDisk = new SimulatedDisk({
    chance: chanceFrom(1),
    writeWaits: () => queueMicrotask(() => disk.settle()),
  })
  return {
    open: async () => disk.open(),
    remove: async () => undefined,
    failNextWrite: (code: 'full' | 'broken') => disk.failNext(code),
  }
}

storeContract('SimulatedDisk', promptPlace)
storeFailureContract('SimulatedDisk', promptPlace)

/** A disk whose writes end when the test says. */
function heldDisk(seed = 1) {
  let writesThatWait = 0
  const disk = new SimulatedDisk({
    chance: chanceFrom(seed),
    writeWaits: () => {
      writesThatWait += 1
    },
  })
  return { disk, waits: () => writesThatWait }
}

const write = (store: Store, key: string, durability: WriteDurability = 'synced', value = key) =>
  store.write({ put: [put(key, value)], durability })
const keysOf = (entries: readonly { readonly key: Uint8Array }[]) =>
  entries.map(({ key }) => text(key)).join('')
const seeds = Array.from({ length: 200 }, (_, seed) => seed)

/** What the writer was told, as far as it was told by now. */
async function answersOf(...asked: Promise<unknown>[]): Promise<unknown[]> {
  const answers: unknown[] = asked.map(() => 'none')
  for (const [index, one] of asked.entries()) {
    one.then(
      (answer) => (answers[index] = answer),
      (error: { code: string; outcome: string }) => (answers[index] = `${error.code} ${error.outcome}`),
    )
  }
  // Every answer that was given before this macrotask has arrived after it.
  await new Promise(setImmediate)
  return answers
}

describe('a write', () => {
  test('[D1] [D2] is not there, nor answered, before the simulator says so; then the oldest is', async () => {
    const { disk, waits } = heldDisk()
    const store = disk.open()
    const writes = [write(store, 'a'), write(store, 'b')]
    expect(waits()).toBe(2)
    expect(disk.waiting).toBe(2)
    expect(await answersOf(...writes)).toEqual(['none', 'none'])
    expect(await contents(store)).toEqual([])
    expect(disk.settle()).toBe(true)
    expect(await answersOf(...writes)).toEqual(['written', 'none'])
    expect(await contents(store)).toEqual(['a=a'])
    expect(disk.settle()).toBe(true)
    expect(await answersOf(...writes)).toEqual(['written', 'written'])
    expect(disk.settle()).toBe(false)
  })

  test('[L1] waits while the disk is stalled, and asks for its time again when it is not', async () => {
    const { disk, waits } = heldDisk()
    const store = disk.open()
    disk.stall()
    const writes = [write(store, 'a'), write(store, 'b')]
    expect(disk.settle()).toBe(false)
    expect(await answersOf(...writes)).toEqual(['none', 'none'])
    disk.resume()
    expect(waits()).toBe(4)
    expect([disk.settle(), disk.settle()]).toEqual([true, true])
    expect(await answersOf(...writes)).toEqual(['written', 'written'])
  })

  test('is what it was when it was called', async () => {
    const { disk } = heldDisk()
    const store = disk.open()
    const entry = put('a', 'before')
    const written = store.write({ put: [entry], durability: 'synced' })
    entry.value.fill(0)
    disk.settle()
    expect(await written).toBe('written')
    expect(await contents(store)).toEqual(['a=before'])
  })

  test('[D1] is durable at once if it was to be synced, with all before it; else not', async () => {
    const { disk } = heldDisk()
    const store = disk.open()
    void write(store, 'a', 'written')
    disk.settle()
    expect([keysOf(disk.present(all())), keysOf(disk.durable(all()))]).toEqual(['a', ''])
    void write(store, 'b')
    disk.settle()
    expect([keysOf(disk.present(all())), keysOf(disk.durable(all()))]).toEqual(['ab', 'ab'])
  })
})

describe('a crash', () => {
  /** a and b synced, c and d only written, e in flight to be synced, f behind it. */
  async function crashed(seed: number, kind: 'power' | 'kill') {
    const { disk } = heldDisk(seed)
    const store = disk.open()
    const told = [write(store, 'a'), write(store, 'b'), write(store, 'c', 'written')]
    told.push(write(store, 'd', 'written'))
    for (const _ of told) disk.settle()
    const untold = [write(store, 'e'), write(store, 'f')]
    expect(await answersOf(...told, ...untold)).toEqual([...told.map(() => 'written'), 'none', 'none'])
    disk.crash(kind)
    expect(disk.settle()).toBe(false)
    expect(await answersOf(...untold, store.get(bytes('a')), store.close())).toEqual(Array(4).fill('none'))
    return disk
  }

  test('[D1] of the power leaves what was synced and a beginning of the rest', async () => {
    const found = new Set<string>()
    for (const seed of seeds) {
      const disk = await crashed(seed, 'power')
      found.add(keysOf(disk.present(all())))
      expect(keysOf(disk.durable(all()))).toBe(keysOf(disk.present(all())))
    }
    expect([...found].toSorted()).toEqual(['ab', 'abc', 'abcd', 'abcde', 'abcdef'])
  })

  test('of the process leaves all that was answered, and a beginning of what was in flight', async () => {
    const found = new Set<string>()
    for (const seed of seeds) found.add(keysOf((await crashed(seed, 'kill')).present(all())))
    expect([...found].toSorted()).toEqual(['abcd', 'abcde', 'abcdef'])
  })

  test('of the power can follow that of the process, until the disk is opened again', async () => {
    const found = new Set<string>()
    for (const seed of seeds) {
      const disk = await crashed(seed, 'kill')
      disk.crash('power')
      found.add(keysOf(disk.present(all())))
    }
    expect(found.has('ab')).toBe(true)
    const disk = await crashed(1, 'kill')
    const shown = await contents(disk.open())
    disk.crash('power')
    expect(await contents(disk.open())).toEqual(shown)
  })

  test('comes out the same for the same seed', async () => {
    for (const seed of seeds.slice(0, 20)) {
      const [one, other] = [await crashed(seed, 'power'), await crashed(seed, 'power')]
      expect(keysOf(one.present(all()))).toBe(keysOf(other.present(all())))
    }
  })

  test('leaves of a batch all or nothing, and of what was stale nothing', async () => {
    for (const seed of seeds) {
      const { disk } = heldDisk(seed)
      const store = disk.open()
      const isAbsent = [{ key: bytes('a'), value: undefined }]
      void store.write({ onlyIf: isAbsent, put: [put('a', '1'), put('b', '1')], durability: 'synced' })
      void store.write({ onlyIf: isAbsent, put: [put('a', '2'), put('c', '2')], durability: 'synced' })
      disk.crash('power')
      expect(['', 'a=1,b=1']).toContain((await contents(disk.open())).join())
    }
  })
})

describe('a failed write', () => {
  test('may turn up with the next write, or after a crash, or never; until then it does not', async () => {
    const found = new Set<string>()
    for (const seed of seeds) {
      const { disk } = heldDisk(seed)
      const store = disk.open()
      disk.failNext('broken')
      const failed = write(store, 'a')
      disk.settle()
      expect(await answersOf(failed)).toEqual(['broken unknown'])
      expect(await contents(store)).toEqual([])
      if (seed % 2 === 0) {
        void write(store, 'b')
        disk.settle()
      } else disk.crash('power')
      found.add(keysOf(disk.present(all())))
    }
    expect([...found].toSorted()).toEqual(['', 'a', 'ab', 'b'])
  })

  test('[D1] is followed by as many as were asked for, or by all until the disk is healed', async () => {
    const { disk } = heldDisk()
    const store = disk.open()
    const said: unknown[] = []
    const tryTo = async (key: string) => {
      const written = write(store, key)
      disk.settle()
      said.push(...(await answersOf(written)))
    }
    disk.failNext('full', 2)
    for (const key of ['a', 'b', 'c']) await tryTo(key)
    disk.failNext('damaged', Infinity)
    for (const key of ['d', 'e']) await tryTo(key)
    disk.heal()
    await tryTo('f')
    const twice = 'full unknown,full unknown,written'
    expect(said.join()).toBe(`${twice},damaged unknown,damaged unknown,written`)
  })
})

test('[C2] a flipped bit loses synced entries of a range, and they do not come back', async () => {
  const { disk } = heldDisk()
  const store = disk.open()
  for (const key of ['a1', 'b1', 'b2', 'b3', 'c1']) {
    void write(store, key, 'written')
    disk.settle()
  }
  const lost = disk.loseEntries({ from: bytes('b'), to: bytes('c') }, 2).map(text)
  expect(lost).toHaveLength(2)
  const left = ['a1', 'b1', 'b2', 'b3', 'c1'].filter((key) => !lost.includes(key))
  void write(store, 'd1')
  disk.settle()
  expect(keysOf(await store.range(all()))).toBe([...left, 'd1'].join(''))
  disk.crash('power')
  expect(keysOf(disk.present(all()))).toBe([...left, 'd1'].join(''))
  expect(disk.loseEntries({ from: bytes('x'), to: bytes('y') })).toEqual([])
})

test('[E1] a copy is a disk of its own, as it was when it was made', async () => {
  const { disk } = heldDisk()
  const store = disk.open()
  void write(store, 'a', 'written')
  disk.settle()
  void write(store, 'b')
  const backup = disk.copy()
  disk.settle()
  backup.crash('power')
  const restored = backup.open()
  expect(await contents(restored)).toEqual(['a=a'])
  void write(restored, 'c')
  expect([backup.waiting, disk.waiting]).toEqual([1, 0])
  backup.settle()
  expect(await contents(restored)).toEqual(['a=a', 'c=c'])
  expect(await contents(store)).toEqual(['a=a', 'b=b'])
})

test('a disk is opened by one at a time', async () => {
  const { disk } = heldDisk()
  const store = disk.open()
  expect(() => disk.open()).toThrow('in use')
  await store.close()
  disk.open()
  disk.crash('kill')
  disk.open()
})
