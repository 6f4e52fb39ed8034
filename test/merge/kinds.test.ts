// kinds.test.ts — five devices write one document at once, on the line and off it: every kind of value ends the same for all,
// with all that anybody wrote.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { chanceFrom, seedOfThisRun } from '../chance.ts'
import { allHands, hands, shownIn, trueOf, Truth } from './hands.ts'
import type { Hand } from './hands.ts'
import { MeetingRelay } from './meeting-relay.ts'
import { allMeet, Person } from './person.ts'

let relay: MeetingRelay

beforeAll(async () => {
  relay = await MeetingRelay.start()
})

afterAll(async () => {
  await relay[Symbol.asyncDispose]()
})

const peopleCount = 5
const rounds = 4

const kinds: { kind: string; using: readonly Hand[] }[] = [
  ...Object.entries(hands).map(([kind, hand]) => ({ kind, using: [hand] })),
  { kind: 'everything at once', using: allHands },
]

test.concurrent.each(kinds)(
  '[C1] $kind: written by five, two of them offline in turn, all of it is there once [D3]',
  async ({ kind, using }) => {
    const seed = seedOfThisRun()
    const chance = chanceFrom(seed)
    const truth = new Truth()
    const people = Array.from({ length: peopleCount }, () => new Person(relay.url, kind))
    await Promise.all(people.map((person) => person.live()))
    for (let round = 0; round < rounds; round++) {
      const away = [people[round % peopleCount]!, people[(round + 1) % peopleCount]!]
      for (const person of away) person.goOffline()
      for (let turn = 0; turn < 12; turn++) {
        for (const { doc } of people) {
          const act = chance.oneOf(using)
          // Some edits are made of several changes.
          if (chance.between(0, 3) > 0) act(doc, truth, chance)
          else doc.transact(() => [1, 2, 3].forEach(() => act(doc, truth, chance)))
        }
        if (turn % 4 === 3)
          await Promise.all(people.filter((person) => !away.includes(person)).map((person) => person.saved()))
      }
      for (const person of away) person.comeBack()
    }
    const edits = people.flatMap((person) => person.edits)
    await allMeet(
      relay.url,
      people.map(({ document }) => document),
      edits,
    )
    for (const { doc } of people) {
      const shown = shownIn(doc)
      expect(shown, `seed ${seed}`).toEqual(trueOf(truth, shown.votes))
    }
    expect(edits.length).toBeGreaterThan(rounds * 12 * peopleCount * 0.4)
    await Promise.all(people.map((person) => person[Symbol.asyncDispose]()))
  },
)
