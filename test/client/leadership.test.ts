// leadership.test.ts — tabs of one browser whose leader hangs: who robs it, how often, and what becomes of who was robbed.
// The locks, the channel and the intervals are the test's; a tab hangs as far as others can tell: its store does not answer.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openWorkspace } from '../../client/index.ts'
import type { StorePlace, Workspace } from '../../client/index.ts'
import { memoryStore } from '../../client/memory-store.ts'
import type { SocketLike } from '../../client/relay-socket.ts'
import type { Store } from '../../shared/store.ts'
import { BrowserTabs } from './browser-tabs.ts'
import { untilStatus } from './device.ts'

/** Nobody answers there. */
class Nowhere implements SocketLike {
  binaryType = ''
  readonly readyState = 0
  send(): void {}
  close(): void {}
  addEventListener(): void {}
}

class TestTab {
  readonly workspace: Workspace
  #wake: () => void = () => undefined
  #awake: Promise<void> = Promise.resolve()

  constructor(store: Store) {
    const place: StorePlace = {
      isDurable: true,
      sharedName: 'one',
      open: async () => ({
        write: (batch) => this.#awake.then(() => store.write(batch)),
        get: (key) => this.#awake.then(() => store.get(key)),
        range: (range) => this.#awake.then(() => store.range(range)),
        close: () => Promise.resolve(),
      }),
    }
    this.workspace = openWorkspace({ url: 'ws://nowhere', store: place, socketClass: Nowhere })
  }

  get leads(): boolean {
    return this.workspace.status.current.tab === 'leading'
  }

  hang(): void {
    this.#awake = new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  wake(): void {
    this.#wake()
    this.#awake = Promise.resolve()
  }
}

const browser = new BrowserTabs()
let tabs: TestTab[] = []

beforeEach(() => {
  browser.areRobbedTold = true
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  browser.stub()
})

afterEach(async () => {
  await Promise.all(tabs.map(({ workspace }) => workspace.close()))
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms)

const leads = ({ workspace }: TestTab): Promise<void> =>
  untilStatus(workspace.status, ({ tab }) => tab === 'leading')
const follows = ({ workspace }: TestTab): Promise<void> =>
  untilStatus(workspace.status, ({ tab }) => tab === 'following')

/** The first leads. They look after it each at a time of its own. */
async function openTabs(count: number): Promise<readonly [TestTab, ...TestTab[]]> {
  const store = memoryStore()
  const first = new TestTab(store)
  tabs = [first]
  await leads(first)
  const others: TestTab[] = []
  while (others.length < count - 1) {
    await pass(400)
    others.push(new TestTab(store))
    tabs = [first, ...others]
  }
  return [first, ...others]
}

/** What another tab has to be patient for. */
async function untilOneOf(others: readonly TestTab[]): Promise<TestTab> {
  for (let turns = 0; turns < 300; turns++) {
    await pass(100)
    const leader = others.find((tab) => tab.leads)
    if (leader !== undefined) return leader
  }
  throw new Error('Nobody took the lead.')
}

test('[L1] who took the lead from a tab that hangs is not robbed by all who waited as long', async () => {
  const [first, ...others] = await openTabs(4)
  first.hang()
  const thief = await untilOneOf(others)
  for (let turns = 0; turns < 300; turns++) {
    await pass(100)
    expect(others.filter((tab) => tab.leads)).toEqual([thief])
  }
  expect(first.leads).toBe(false)
})

test('[L1] a thief that hangs in its turn has the time that any leader has, and is robbed then', async () => {
  const [first, ...others] = await openTabs(4)
  first.hang()
  const thief = await untilOneOf(others)
  thief.hang()
  await pass(14_000)
  expect(thief.leads).toBe(true)
  await untilOneOf(others.filter((tab) => tab !== thief))
  expect(thief.leads).toBe(false)
})

test('[L1] who was robbed stands in line again, and leads when whoever came between is gone', async () => {
  const [first, second] = await openTabs(2)
  first.hang()
  await untilOneOf([second!])
  await follows(first)
  first.wake()
  await second!.workspace.close()
  await leads(first)
})

test('[L1] who was robbed and did not hear of it finds out when it is asked, and says nothing of being there', async () => {
  browser.areRobbedTold = false
  const [first, second] = await openTabs(2)
  const heard: string[] = []
  const channel = new BroadcastChannel('syncline:one')
  channel.addEventListener('message', ({ data }: MessageEvent<readonly { type: string }[]>) =>
    heard.push(...data.map(({ type }) => type)),
  )
  first.hang()
  await untilOneOf([second!])
  expect(first.leads).toBe(true)
  expect(heard).toContain('askLeader')
  heard.length = 0
  first.wake()
  await follows(first)
  expect(heard).not.toContain('here')
  await second!.workspace.close()
  await leads(first)
})
