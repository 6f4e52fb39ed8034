// store-contract.ts — what every Store does, whatever the disk below: the promises of shared/store.ts, one test each.
// Knows: the Store's interface. Must not know: LevelDB, IndexedDB, the simulator; each brings a place to keep things.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { equalBytes } from '../shared/equal-bytes.ts'
import { StoreError } from '../shared/store.ts'
import type { Batch, Entry, Range, Store, WriteDurability } from '../shared/store.ts'

export type StorePlace = {
  /** Opens what is there; at the first time, nothing. The suite closes one before it opens the next. */
  readonly open: () => Promise<Store>
  readonly remove: () => Promise<void>
}

export type FailingStorePlace = StorePlace & {
  /** The next write fails, and whether it lands is open. */
  readonly failNextWrite: (code: 'full' | 'broken') => void
}

export const bytes = (text: string): Uint8Array =>
  Uint8Array.from(text, (character) => character.charCodeAt(0))
export const text = (value: Uint8Array): string => String.fromCharCode(...value)
export const put = (key: string, value = key): Entry => ({ key: bytes(key), value: bytes(value) })
export const all = (limit = 1000): Range => ({ from: bytes(''), to: Uint8Array.of(255, 255, 255), limit })

/** All entries as `key=value`. */
export async function contents(store: Store, range: Range = all()): Promise<string[]> {
  return (await store.range(range)).map(({ key, value }) => `${text(key)}=${text(value)}`)
}

export function storeContract(name: string, makePlace: () => Promise<StorePlace>): void {
  describe(`${name} keeps the contract of stores:`, () => {
    let place: StorePlace
    let store: Store

    beforeEach(async () => {
      place = await makePlace()
      store = await place.open()
    })

    afterEach(async () => {
      await store.close()
      await place.remove()
    })

    const write = (batch: Omit<Batch, 'durability'>, durability: WriteDurability = 'synced') =>
      store.write({ ...batch, durability })
    const putAll = (...keys: string[]) => write({ put: keys.map((key) => put(key)) })
    const range = (from: string, to: string): Range => ({ from: bytes(from), to: bytes(to), limit: 1000 })
    const reopen = async () => {
      await store.close()
      store = await place.open()
    }

    test('what was written is there, what was not is undefined', async () => {
      expect(await putAll('a', 'b')).toBe('written')
      expect(await store.get(bytes('a'))).toEqual(bytes('a'))
      expect(await store.get(bytes('c'))).toBeUndefined()
      expect(await contents(store)).toEqual(['a=a', 'b=b'])
    })

    test('what is handed out is a plain Uint8Array', async () => {
      await putAll('a')
      const [entry] = await store.range(all())
      const handedOut = [await store.get(bytes('a')), entry?.key, entry?.value]
      expect(handedOut.map((value) => Object.getPrototypeOf(value) === Uint8Array.prototype)).toEqual([
        true,
        true,
        true,
      ])
    })

    test('bytes that the writer changes after the answer are not those that were written', async () => {
      const entry = put('a', 'before')
      await write({ put: [entry] })
      await write({ onlyIf: [entry], put: [entry] })
      entry.value.fill(0)
      expect(await contents(store)).toEqual(['a=before'])
      expect(await write({ onlyIf: [put('a', 'before')] })).toBe('written')
    })

    test('an empty value is a value', async () => {
      await write({ put: [put('a', '')] })
      expect(await store.get(bytes('a'))).toEqual(new Uint8Array())
      expect(await write({ onlyIf: [{ key: bytes('a'), value: undefined }], put: [put('b')] })).toBe('stale')
      expect(await write({ onlyIf: [put('a', '')], put: [put('c')] })).toBe('written')
    })

    test('a value of megabytes comes back as it went', async () => {
      const value = new Uint8Array(6 * 1024 * 1024).map((_, index) => (index * 31) % 251)
      await write({ put: [{ key: bytes('large'), value }, put('small')] })
      await reopen()
      const found = await store.get(bytes('large'))
      expect(found !== undefined && equalBytes(found, value)).toBe(true)
      expect((await store.range(all())).map(({ value: { length } }) => length)).toEqual([value.length, 5])
    })

    test('keys are any bytes, in the order of unsigned bytes, a beginning before what it begins', async () => {
      const keys = [
        '\0',
        '\0\0',
        '\0\x01',
        '\x01',
        'a',
        'a\0',
        'a\xff',
        'b',
        '\x7f',
        '\x80',
        '\xff',
        '\xff\xff',
      ]
      await putAll(...keys.toReversed())
      expect((await store.range(all())).map(({ key }) => text(key))).toEqual(keys)
      expect((await store.range(range('a', 'a\xff'))).map(({ key }) => text(key))).toEqual(['a', 'a\0'])
    })

    test('a range has its first key and not its last; an empty or turned one has nothing', async () => {
      await putAll('a', 'b', 'c', 'd')
      expect(await contents(store, range('b', 'd'))).toEqual(['b=b', 'c=c'])
      expect(await contents(store, range('', 'b'))).toEqual(['a=a'])
      expect(await contents(store, range('b', 'b'))).toEqual([])
      expect(await contents(store, range('d', 'a'))).toEqual([])
      expect(await contents(store, range('e', 'f'))).toEqual([])
    })

    test('a page ends at its limit, from either end', async () => {
      await putAll('a', 'b', 'c', 'd')
      expect(await contents(store, { ...range('a', 'd'), limit: 2 })).toEqual(['a=a', 'b=b'])
      expect(await contents(store, { ...range('a', 'd'), limit: 2, reverse: true })).toEqual(['c=c', 'b=b'])
      expect(await contents(store, { ...range('a', 'd'), reverse: true })).toEqual(['c=c', 'b=b', 'a=a'])
    })

    test('[B1] a page ends with the entry that brings it to its bytes, and has at least one', async () => {
      await write({ put: ['a', 'b', 'c', 'd'].map((key) => put(key, 'x'.repeat(100))) })
      const keys = async (page: Partial<Range>) =>
        (await store.range({ ...all(), ...page })).map(({ key }) => text(key))
      expect(await keys({ bytesMax: 150 })).toEqual(['a', 'b'])
      expect(await keys({ bytesMax: 200 })).toEqual(['a', 'b'])
      expect(await keys({ bytesMax: 201, reverse: true })).toEqual(['d', 'c', 'b'])
      expect(await keys({ bytesMax: 1 })).toEqual(['a'])
      expect(await keys({ bytesMax: 1000, limit: 3 })).toEqual(['a', 'b', 'c'])
    })

    test('pages of many entries, one after the other, are all entries once', async () => {
      const keys = Array.from({ length: 2500 }, (_, index) => String(index).padStart(4, '0'))
      await putAll(...keys)
      const found: string[] = []
      for (let from = ''; ; from = `${found.at(-1)}\0`) {
        const page = await store.range({ ...range(from, 'a'), limit: 1200 })
        if (page.length === 0) break
        found.push(...page.map(({ key }) => text(key)))
      }
      expect(found).toEqual(keys)
    })

    test('within a batch ranges go first, then keys, then entries come: what is put stays', async () => {
      await putAll('a', 'b', 'c', 'd', 'e')
      await write({
        put: [put('b', 'first'), put('b', 'second'), put('e', 'new')],
        remove: [bytes('e'), bytes('nothing')],
        removeRange: [
          { from: bytes('b'), to: bytes('d') },
          { from: bytes('x'), to: bytes('z') },
          { from: bytes('d'), to: bytes('a') },
        ],
      })
      expect(await contents(store)).toEqual(['a=a', 'b=second', 'd=d', 'e=new'])
    })

    test('a range of thousands is removed, and nothing beside it', async () => {
      const keys = Array.from({ length: 2500 }, (_, index) => `b${String(index).padStart(4, '0')}`)
      await putAll('a', ...keys, 'c')
      await write({ removeRange: [{ from: bytes('b'), to: bytes('c') }] })
      expect(await contents(store)).toEqual(['a=a', 'c=c'])
    })

    test('a batch that changes nothing is written', async () => {
      expect(await write({})).toBe('written')
      expect(await write({ put: [], remove: [], removeRange: [], onlyIf: [] }, 'written')).toBe('written')
    })

    test('[X1] a precondition that does not hold changes nothing, one of many is enough', async () => {
      await putAll('a', 'b')
      const change = { put: [put('c')], remove: [bytes('a')], removeRange: [range('b', 'c')] }
      const a = put('a')
      const absent = (key: string) => ({ key: bytes(key), value: undefined })
      expect(await write({ ...change, onlyIf: [put('a', 'other')] })).toBe('stale')
      expect(await write({ ...change, onlyIf: [put('a', 'a\0')] })).toBe('stale')
      expect(await write({ ...change, onlyIf: [absent('a')] })).toBe('stale')
      expect(await write({ ...change, onlyIf: [put('x')] })).toBe('stale')
      expect(await write({ ...change, onlyIf: [a, absent('x'), put('b', 'other')] })).toBe('stale')
      expect(await contents(store)).toEqual(['a=a', 'b=b'])
      expect(await write({ ...change, onlyIf: [a, absent('x'), put('b')] })).toBe('written')
      expect(await contents(store)).toEqual(['c=c'])
    })

    test('[X1] a precondition looks at what was there before its own batch', async () => {
      const isAbsent = [{ key: bytes('a'), value: undefined }]
      expect(await write({ onlyIf: isAbsent, put: [put('a')] })).toBe('written')
      expect(await write({ onlyIf: isAbsent, remove: [bytes('a')] })).toBe('stale')
      expect(await write({ onlyIf: [put('a')], removeRange: [range('a', 'b')] })).toBe('written')
      expect(await write({ onlyIf: isAbsent, put: [put('a', 'again')] })).toBe('written')
      expect(await contents(store)).toEqual(['a=again'])
    })

    test('[X1] a guarded key is seen as it is, whichever way it was changed', async () => {
      const isNow = async (value: string | undefined) =>
        (await write({
          onlyIf: [{ key: bytes('k'), value: value === undefined ? value : bytes(value) }],
        })) === 'written'
      expect(await isNow(undefined)).toBe(true)
      await write({ put: [put('k', '1')] })
      expect(await isNow('1')).toBe(true)
      await write({ put: [put('k', 'x'.repeat(5000))] })
      expect(await isNow('x'.repeat(5000))).toBe(true)
      await write({ put: [put('k', '2'), put('k', '3')] })
      expect(await isNow('3')).toBe(true)
      await write({ remove: [bytes('k')] })
      expect(await isNow(undefined)).toBe(true)
      await write({ remove: [bytes('k')], put: [put('k', '4')] })
      expect(await isNow('4')).toBe(true)
      await write({ removeRange: [range('a', 'z')] })
      expect(await isNow(undefined)).toBe(true)
      expect(await isNow('4')).toBe(false)
      await reopen()
      expect(await isNow(undefined)).toBe(true)
    })

    test('writes take effect in the order of their calls, many in flight', async () => {
      const writes = Array.from({ length: 50 }, (_, index) =>
        write(
          {
            onlyIf: [{ key: bytes('head'), value: index === 0 ? undefined : bytes(String(index)) }],
            put: [put('head', String(index + 1)), put(`row${String(index).padStart(2, '0')}`)],
          },
          index % 3 === 0 ? 'synced' : 'written',
        ),
      )
      expect(new Set(await Promise.all(writes))).toEqual(new Set(['written']))
      expect(text((await store.get(bytes('head')))!)).toBe('50')
      expect(await store.range(all())).toHaveLength(51)
    })

    test('answers come in the order of the calls, also of what was stale', async () => {
      const answers: string[] = []
      const note = (call: string) => (result: string) => void answers.push(`${call} ${result}`)
      await Promise.all([
        putAll('a').then(note('1')),
        write({ onlyIf: [put('a', 'no')] }).then(note('2')),
        write({ put: [put('b', 'x'.repeat(100_000))] }, 'written').then(note('3')),
        write({}).then(note('4')),
      ])
      expect(answers).toEqual(['1 written', '2 stale', '3 written', '4 written'])
    })

    test('[D2] a reader finds all of a batch or nothing of it, all of it from the answer on', async () => {
      const keys = Array.from({ length: 200 }, (_, index) => `k${index}`)
      const seen = new Set<string>()
      for (let round = 0; round < 10; round++) {
        let isAnswered = false
        const writing = write({ put: keys.map((key) => put(key, `${round}`)) }).then(() => {
          isAnswered = true
        })
        while (!isAnswered) {
          const values = new Set((await store.range(all())).map(({ value }) => text(value)))
          seen.add(String(values.size))
          expect(values.size).toBeLessThanOrEqual(1)
        }
        await writing
        const now = (await store.range(all())).map(({ value }) => text(value))
        expect(now).toEqual(keys.map(() => `${round}`))
      }
      expect(seen.has('1')).toBe(true)
    })

    test('[X1] of writers racing for one key exactly one wins each round', async () => {
      let head: string | undefined
      for (let round = 0; round < 20; round++) {
        const racers = Array.from({ length: 10 }, async (_, racer) => {
          const value = await store.get(bytes('head'))
          const next = `${round}/${racer}`
          const result = await write({ onlyIf: [{ key: bytes('head'), value }], put: [put('head', next)] })
          return { result, next }
        })
        const results = await Promise.all(racers)
        const winners = results.filter(({ result }) => result === 'written')
        expect(winners).toHaveLength(1)
        head = winners[0]!.next
        expect(text((await store.get(bytes('head')))!)).toBe(head)
      }
    })

    test('[D1] what was synced is there after reopening, and what was removed is not', async () => {
      await putAll('a', 'b', 'c')
      await write({ remove: [bytes('b')], put: [put('a', 'new')] })
      await reopen()
      expect(await contents(store)).toEqual(['a=new', 'c=c'])
      await putAll('d')
      await reopen()
      expect(await contents(store)).toEqual(['a=new', 'c=c', 'd=d'])
    })

    test('[D1] closing waits for the writes that were called', async () => {
      const writes = [putAll('a'), write({ put: [put('b')] }, 'written'), putAll('c')]
      await reopen()
      expect(await Promise.all(writes)).toEqual(['written', 'written', 'written'])
      expect(await contents(store)).toEqual(['a=a', 'b=b', 'c=c'])
    })

    const traits: Record<string, () => Promise<unknown>> = {
      get: () => store.get(bytes('a')),
      range: () => store.range(all()),
      write: () => putAll('a'),
      'write of nothing': () => write({}),
    }

    test.each(Object.keys(traits))('on a closed store, %s is refused as closed', async (method) => {
      const closing = store.close()
      const whileClosing = await outcome(traits[method]!())
      await closing
      for (const refusal of [whileClosing, await outcome(traits[method]!())]) {
        expect(refusal).toBeInstanceOf(StoreError)
        expect(refusal).toMatchObject({ code: 'closed', outcome: 'notApplied' })
      }
      await reopen()
      expect(await contents(store)).toEqual([])
    })

    test('closing twice is closing', async () => {
      await Promise.all([store.close(), store.close()])
      await store.close()
    })
  })
}

/** What a store does whose disk fails: for stores that a test can let fail. */
export function storeFailureContract(name: string, makePlace: () => Promise<FailingStorePlace>): void {
  describe(`${name}, when its disk fails, keeps the contract of stores:`, () => {
    let place: FailingStorePlace
    let store: Store

    beforeEach(async () => {
      place = await makePlace()
      store = await place.open()
    })

    afterEach(async () => {
      await store.close()
      await place.remove()
    })

    const putAll = (...keys: string[]) =>
      store.write({ put: keys.map((key) => put(key)), durability: 'synced' })

    test.each(['full', 'broken'] as const)(
      '[D1] a write that fails as %s takes those behind it with it; the next one is tried again',
      async (code) => {
        await putAll('a')
        place.failNextWrite(code)
        const failed = await Promise.all([putAll('b'), putAll('c'), putAll(), putAll('d')].map(outcome))
        expect(failed[0]).toBeInstanceOf(StoreError)
        expect(failed[0]).toMatchObject({ code, outcome: 'unknown' })
        for (const behind of failed.slice(1)) expect(behind).toMatchObject({ code, outcome: 'notApplied' })
        expect((await contents(store)).filter((entry) => entry !== 'b=b')).toEqual(['a=a'])
        expect(await putAll('e')).toBe('written')
        const now = await contents(store)
        expect(now.filter((entry) => entry !== 'b=b')).toEqual(['a=a', 'e=e'])
        await store.close()
        store = await place.open()
        expect(await contents(store)).toEqual(now)
      },
    )

    test('[X1] of a failed batch and the next under the same precondition exactly one lands', async () => {
      const landed: string[] = []
      for (let round = 0; round < 8; round++) {
        const head = await store.get(bytes('head'))
        const attempt = (which: string) =>
          store.write({
            onlyIf: [{ key: bytes('head'), value: head }],
            put: [put('head', String(round)), put(`${round} ${which}`)],
            durability: 'synced',
          })
        place.failNextWrite('broken')
        await expect(attempt('first')).rejects.toMatchObject({ outcome: 'unknown' })
        landed.push((await attempt('again')) === 'written' ? `${round} again` : `${round} first`)
        expect(text((await store.get(bytes('head')))!)).toBe(String(round))
      }
      expect(await contents(store)).toEqual([...landed.map((key) => `${key}=${key}`), 'head=7'])
    })
  })
}

async function outcome(asked: Promise<unknown>): Promise<unknown> {
  try {
    return await asked
  } catch (error) {
    return error
  }
}
