// copies.test.ts — what is copied, and goes on beside the copy: a device's disk with what waits on it, and the relay's folder,
// put back after it has grown. Each edit is there once, and counters are exact.
import { expect, test, vi } from 'vitest'
import { counter } from '../../types/index.ts'
import { chanceFrom, seedOfThisRun } from '../chance.ts'
import { Disk } from '../client/device.ts'
import { allHands, shownIn, trueOf, Truth } from './hands.ts'
import { MeetingRelay } from './meeting-relay.ts'
import { allAreUpToDate, allMeet, Person, upToDateTestMsMax } from './person.ts'

vi.setConfig({ testTimeout: upToDateTestMsMax })

async function copyOf(disk: Disk): Promise<Disk> {
  const copy = new Disk()
  const store = await copy.open()
  await store.write({ put: await disk.entries(), durability: 'synced' })
  return copy
}

const editsOf = (people: readonly Person[]): Uint8Array[] => people.flatMap(({ edits }) => edits)
const documentsOf = (people: readonly Person[]) => people.map(({ document }) => document)
const likesOf = ({ doc }: Person): number => counter(doc, 'likes').current

test.concurrent('[D3] a profile that is copied with what waits on it goes up from both at once, and counts once [C1]', async () => {
  await using relay = await MeetingRelay.start()
  const seed = seedOfThisRun()
  const chance = chanceFrom(seed)
  const truth = new Truth()
  const write = ({ doc }: Person): void => {
    for (let edit = 0; edit < 30; edit++) chance.oneOf(allHands)(doc, truth, chance)
  }
  const disk = new Disk()
  await using original = new Person(relay.url, 'copied', {}, disk)
  write(original)
  await original.saved()
  original.goOffline()
  write(original)
  await original.kept()
  await original.restart()
  const copied = await copyOf(disk)
  await original.restart()
  await using copy = new Person(relay.url, 'copied', {}, copied)
  copy.goOffline()
  await copy.document.loaded
  expect(likesOf(copy)).toBe(truth.likes)
  write(original)
  write(copy)
  await using beside = new Person(relay.url, 'copied')
  await beside.live()
  write(beside)
  const people = [original, copy, beside]
  for (const person of people) person.comeBack()
  await Promise.all(people.map((person) => person.live()))
  for (const person of people) write(person)
  await allMeet(relay.url, documentsOf(people), editsOf(people))
  for (const { doc } of people) {
    const shown = shownIn(doc)
    expect(shown, `seed ${seed}`).toEqual(trueOf(truth, shown.votes))
  }
})

test.concurrent('[D3] a relay that is put back to an older copy is given what it lost, and nothing counts twice [C1] [C2]', async () => {
  await using relay = await MeetingRelay.start()
  const seed = seedOfThisRun()
  const chance = chanceFrom(seed)
  const truth = new Truth()
  const people = [1, 2, 3].map(() => new Person(relay.url, 'put back'))
  const writeAll = (): void => {
    for (let edit = 0; edit < 40; edit++)
      for (const { doc } of people) chance.oneOf(allHands)(doc, truth, chance)
  }
  writeAll()
  await Promise.all(people.map((person) => person.saved()))
  await relay.stop()
  const older = await relay.copyData()
  await relay.startAgain()
  for (const person of people) person.comeBack()
  writeAll()
  await Promise.all(people.map((person) => person.saved()))
  await relay.stop()
  await relay.putBack(older)
  writeAll()
  await relay.startAgain()
  for (const person of people) person.comeBack()
  await Promise.all(people.map((person) => person.live()))
  writeAll()
  await allMeet(relay.url, documentsOf(people), editsOf(people))
  await allAreUpToDate(documentsOf(people))
  for (const { doc } of people) {
    const shown = shownIn(doc)
    expect(shown, `seed ${seed}`).toEqual(trueOf(truth, shown.votes))
  }
  await Promise.all(people.map((person) => person[Symbol.asyncDispose]()))
})
