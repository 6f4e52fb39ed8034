// storms.test.ts — lines that break again and again, in the midst of messages, while everybody writes: nothing is lost, nothing
// comes twice, and when the line holds everybody is soon up to date.
import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { chanceFrom, seedOfThisRun } from '../chance.ts'
import { untilStatus } from '../client/device.ts'
import { allHands, shownIn, trueOf, Truth } from './hands.ts'
import { MeetingRelay } from './meeting-relay.ts'
import { allAreUpToDate, allMeet, Person, upToDateTestMsMax } from './person.ts'
import { ShakyLine } from './shaky-line.ts'

vi.setConfig({ testTimeout: upToDateTestMsMax })

let relay: MeetingRelay

beforeAll(async () => {
  relay = await MeetingRelay.start()
})

afterAll(async () => {
  await relay[Symbol.asyncDispose]()
})

/** Somebody who does not wait for the next try. */
function impatient(url: string, name: string): Person {
  const person = new Person(url, name)
  const { workspace } = person.device
  workspace.status.subscribe(() => {
    if (workspace.status.current.phase === 'waiting') setImmediate(() => workspace.retryNow())
  })
  return person
}

/** That the line is gone. */
async function isBack({ device, document }: Person, isLive: boolean): Promise<void> {
  await untilStatus(device.workspace.status, ({ phase }) => phase === 'ready')
  if (isLive) await untilStatus(document.status, ({ phase }) => phase === 'live')
}

const hasNoticed = ({ device }: Person): Promise<void> =>
  untilStatus(device.workspace.status, ({ phase }) => phase !== 'ready')

function expectTruth(people: readonly Person[], truth: Truth, seed: number): void {
  for (const { doc } of people) {
    const shown = shownIn(doc)
    expect(shown, `seed ${seed}`).toEqual(trueOf(truth, shown.votes))
  }
}

test.concurrent('[D3] everything that four write over lines that break within messages is there once [C1] [L1]', async () => {
  const seed = seedOfThisRun()
  const chance = chanceFrom(seed)
  const truth = new Truth()
  await using line = await ShakyLine.to(relay.url, () => chance.between(300, 8_000))
  const people = Array.from({ length: 4 }, () => impatient(line.url, 'breaking'))
  for (let written = 0; line.breaks < 80; written++) {
    // Who has nothing more to say breaks no line.
    if (written < 300 || people.every(({ document }) => document.status.current.isSaved))
      for (const { doc } of people) chance.oneOf(allHands)(doc, truth, chance)
    await nextTurn()
  }
  line.calm()
  const documents = people.map(({ document }) => document)
  await allMeet(
    relay.url,
    documents,
    people.flatMap(({ edits }) => edits),
  )
  await allAreUpToDate(documents)
  expectTruth(people, truth, seed)
  await Promise.all(people.map((person) => person[Symbol.asyncDispose]()))
})

test.concurrent('[L1] the relay cuts all lines each time that somebody is back, thirty times [C1] [D3]', async () => {
  await using cutting = await MeetingRelay.start()
  const seed = seedOfThisRun()
  const chance = chanceFrom(seed)
  const truth = new Truth()
  const people = Array.from({ length: 5 }, () => impatient(cutting.url, 'cut'))
  for (let storm = 0; storm < 30; storm++) {
    for (const { doc } of people)
      for (let edit = 0; edit < 3; edit++) chance.oneOf(allHands)(doc, truth, chance)
    const somebody = chance.oneOf(people)
    const waitsForDocument = chance.between(0, 1) === 0
    await isBack(somebody, waitsForDocument)
    // The last words of a line that was cut already may be read late, and seem to be those of a new one.
    while (cutting.cut() === 0) {
      await hasNoticed(somebody)
      await isBack(somebody, waitsForDocument)
    }
    await Promise.all(people.map(hasNoticed))
  }
  const documents = people.map(({ document }) => document)
  await allMeet(
    cutting.url,
    documents,
    people.flatMap(({ edits }) => edits),
  )
  await allAreUpToDate(documents)
  expectTruth(people, truth, seed)
  await Promise.all(people.map((person) => person[Symbol.asyncDispose]()))
})
