// weeks-offline.test.ts — devices that are away for weeks, while others write on: the program is started again every day, the
// relay folds its log and is itself started again, and in the end everybody has everything.
import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { chanceFrom, seedOfThisRun } from '../chance.ts'
import { allHands, shownIn, trueOf, Truth } from './hands.ts'
import { MeetingRelay } from './meeting-relay.ts'
import { allAreUpToDate, allMeet, Person, upToDateTestMsMax } from './person.ts'

vi.setConfig({ testTimeout: upToDateTestMsMax })

/** What is written, by chance, and what of it must be there in the end. */
class Story {
  readonly seed = seedOfThisRun()
  readonly #chance = chanceFrom(this.seed)
  readonly #truth = new Truth()

  write({ doc }: Person, edits: number): void {
    for (let edit = 0; edit < edits; edit++) this.#chance.oneOf(allHands)(doc, this.#truth, this.#chance)
  }

  async isWholeFor(people: readonly Person[], relay: MeetingRelay): Promise<void> {
    const documents = people.map(({ document }) => document)
    await allMeet(
      relay.url,
      documents,
      people.flatMap(({ edits }) => edits),
    )
    await allAreUpToDate(documents)
    for (const { doc } of people) {
      const shown = shownIn(doc)
      expect(shown, `seed ${this.seed}`).toEqual(trueOf(this.#truth, shown.votes))
    }
  }
}

test.concurrent('[C1] two come back after two weeks, each started anew every day, to a log that was folded meanwhile [D3]', async () => {
  await using relay = await MeetingRelay.start()
  const story = new Story()
  await using ann = new Person(relay.url, 'weeks')
  await using bob = new Person(relay.url, 'weeks')
  await using eve = new Person(relay.url, 'weeks')
  story.write(ann, 20)
  await ann.saved()
  await Promise.all([bob, eve].map((person) => person.live()))
  for (const away of [ann, bob]) away.goOffline()
  for (let day = 0; day < 14; day++) {
    for (const away of [ann, bob]) {
      story.write(away, 20)
      await away.kept()
      await away.restart()
    }
    story.write(eve, 90)
    if (day % 7 !== 6) continue
    await eve.saved()
    // When nobody is there, a relay folds what a week has brought.
    eve.goOffline()
    while ((await relay.folds()) === 0) await nextTurn()
    await relay.stop()
    await relay.startAgain()
    eve.comeBack()
    await eve.live()
  }
  ann.comeBack()
  await ann.saved()
  bob.comeBack()
  await story.isWholeFor([ann, bob, eve], relay)
})

test.concurrent('[C1] one comes back after everybody had left, another with what nobody else ever saw [D3]', async () => {
  await using relay = await MeetingRelay.start()
  const story = new Story()
  await using ann = new Person(relay.url, 'left')
  await using bob = new Person(relay.url, 'left')
  await Promise.all([ann, bob].map((person) => person.live()))
  story.write(ann, 200)
  await ann.saved()
  bob.goOffline()
  story.write(bob, 300)
  await bob.kept()
  story.write(ann, 400)
  await ann.saved()
  ann.goOffline()
  while ((await relay.folds()) === 0) await nextTurn()
  await relay.stop()
  await bob.restart()
  story.write(bob, 100)
  await relay.startAgain()
  bob.comeBack()
  await bob.saved()
  ann.comeBack()
  await story.isWholeFor([ann, bob], relay)
})
