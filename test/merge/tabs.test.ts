// tabs.test.ts — several tabs of one browser are one replica: all write at once, the one that talks to the relay is closed or
// killed, and what each tab wrote is everywhere, once.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { counter } from '../../types/index.ts'
import { chanceFrom, seedOfThisRun } from '../chance.ts'
import { untilStatus } from '../client/device.ts'
import { Browser } from './browser-tabs.ts'
import type { Tab } from './browser-tabs.ts'
import { allHands, shownIn, trueOf, Truth } from './hands.ts'
import { MeetingRelay } from './meeting-relay.ts'
import { allMeet, Person } from './person.ts'

let relay: MeetingRelay

beforeAll(async () => {
  relay = await MeetingRelay.start()
})

afterAll(async () => {
  await relay[Symbol.asyncDispose]()
})

const kept = ({ document }: Tab): Promise<void> =>
  untilStatus(document.status, ({ inMemory }) => inMemory === 0)
const live = ({ document }: Tab): Promise<void> =>
  untilStatus(document.status, ({ phase }) => phase === 'live')
const leads = ({ workspace }: Tab): Promise<void> =>
  untilStatus(workspace.status, ({ tab }) => tab === 'leading')

test('[C1] three tabs and another device write at once, while tabs that lead are closed and killed [D3]', async () => {
  const seed = seedOfThisRun()
  const chance = chanceFrom(seed)
  const truth = new Truth()
  await using browser = new Browser(relay.url, 'tabs')
  await using beside = new Person(relay.url, 'tabs')
  const gone: Tab[] = []
  for (let count = 0; count < 3; count++) await browser.openTab()
  await live(browser.tabs[0]!)
  for (let round = 0; round < 6; round++) {
    for (let turn = 0; turn < 10; turn++) {
      for (const { doc } of [...browser.tabs.map(({ document }) => document), beside])
        chance.oneOf(allHands)(doc, truth, chance)
      if (turn === 4) await kept(chance.oneOf(browser.tabs))
    }
    const leader = browser.leader
    expect(leader).toBeDefined()
    if (round % 2 === 0) {
      await browser.close(leader!)
    } else {
      await kept(leader!)
      browser.kill(leader!)
    }
    gone.push(leader!)
    await Promise.race(browser.tabs.map(leads))
    await browser.openTab()
  }
  const edits = [...gone, ...browser.tabs, beside].flatMap((writer) => writer.edits)
  await allMeet(relay.url, [...browser.tabs.map(({ document }) => document), beside.document], edits)
  const shown = shownIn(beside.doc)
  expect(shown, `seed ${seed}`).toEqual(trueOf(truth, shown.votes))
  expect(browser.tabs).toHaveLength(3)
})

test('[D3] what three tabs wrote without a relay goes up from the one that is opened a week later [C1]', async () => {
  await using away = await MeetingRelay.start()
  await using browser = new Browser(away.url, 'a week')
  const tabs = [await browser.openTab(), await browser.openTab(), await browser.openTab()]
  await live(tabs[0]!)
  await away.stop()
  for (let click = 0; click < 30; click++) {
    for (const [index, { document }] of tabs.entries()) {
      document.doc.getText('text').insert(0, `${index}`)
      counter(document.doc, 'likes').add(1)
    }
  }
  for (const tab of tabs) await browser.close(tab)
  await away.startAgain()
  const { document } = await browser.openTab()
  await allMeet(
    away.url,
    [document],
    tabs.flatMap(({ edits }) => edits),
  )
  expect(counter(document.doc, 'likes').current).toBe(90)
  expect(document.doc.getText('text').toString().split('').toSorted().join('')).toBe(
    ['0', '1', '2'].map((digit) => digit.repeat(30)).join(''),
  )
})

test('[D3] three tabs click one counter as fast as they can, and each shows all clicks', async () => {
  await using browser = new Browser(relay.url, 'clicks')
  const tabs = [await browser.openTab(), await browser.openTab(), await browser.openTab()]
  const likes = tabs.map(({ document }) => counter(document.doc, 'likes'))
  for (let click = 0; click < 100; click++) for (const one of likes) one.add(1)
  likes[1]!.subtract(50)
  await Promise.all(likes.map((one) => untilStatus(one, (sum) => sum === 250)))
  await allMeet(
    relay.url,
    tabs.map(({ document }) => document),
    tabs.flatMap(({ edits }) => edits),
  )
})
