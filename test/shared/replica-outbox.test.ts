// replica-outbox.test.ts — the outbox beside the plainest one that there could be: a list that is sorted each time.
import { expect, test } from 'vitest'
import { pushEntriesMax } from '../../shared/limits.ts'
import { entryKind } from '../../shared/message.ts'
import { Outbox, OutboxEntry } from '../../shared/replica-outbox.ts'
import { chanceFrom, seedOfThisRun } from '../chance.ts'

const made = { epoch: new Uint8Array(), generation: 0 }

class PlainOutbox {
  entries: OutboxEntry[] = []

  /** By their rows, and behind them as they came. */
  get inOrder(): OutboxEntry[] {
    return this.entries.toSorted(
      (left, right) => (left.sequence ?? Infinity) - (right.sequence ?? Infinity) || 0,
    )
  }

  get ready(): OutboxEntry[] {
    const waiting = this.inOrder.filter(({ state }) => state !== 'sent')
    const end = waiting.findIndex(({ state }) => state !== 'ready')
    return waiting.slice(0, end === -1 ? pushEntriesMax : Math.min(end, pushEntriesMax))
  }

  remove(gone: readonly OutboxEntry[]): void {
    this.entries = this.entries.filter((entry) => !gone.includes(entry))
  }
}

test('[D3] whatever comes when, it goes up in the order of its rows, and what is counted is what is there [T1]', () => {
  const seed = seedOfThisRun()
  const { between, oneOf } = chanceFrom(seed)
  for (let life = 0; life < 200; life++) {
    const outbox = new Outbox()
    const plain = new PlainOutbox()
    /** Rows of other tabs are read behind what was written here later. */
    let last = 0
    const unread: number[] = []
    const add = (entry: OutboxEntry): void => {
      outbox.add(entry)
      plain.entries.push(entry)
    }
    const acts = {
      type: () => add(new OutboxEntry(Uint8Array.of(1), entryKind.edit, made)),
      land: () => {
        const entry = plain.entries.find(({ sequence }) => sequence === undefined)
        if (entry !== undefined) outbox.landed(entry, (last += 1))
      },
      write: () => unread.push((last += 1)),
      read: () => {
        const sequence = unread.shift()
        if (sequence === undefined) return
        expect(outbox.holdsRow(sequence)).toBe(false)
        add(new OutboxEntry(Uint8Array.of(1), entryKind.edit, made, { sequence, counter: sequence }))
      },
      push: () => {
        const due = plain.ready
        expect(outbox.hasReady, `seed ${seed}`).toBe(due.length > 0)
        expect(outbox.take(), `seed ${seed}`).toEqual(due)
      },
      loseLink: () => outbox.unsend(),
      acknowledge: () => {
        const sent = plain.inOrder.filter(({ wasSent }) => wasSent)
        if (sent.length === 0) return
        const { counter } = oneOf(sent)
        const acknowledged = outbox.acknowledge([{ from: counter, count: 3 }])
        expect(acknowledged).toEqual(
          sent.filter((entry) => entry.counter >= counter && entry.counter < counter + 3),
        )
        plain.remove(acknowledged)
      },
      refuse: () => {
        const sent = plain.entries.filter(({ wasSent }) => wasSent)
        if (sent.length === 0) return
        const { counter, hash } = oneOf(sent)
        const refused = outbox.refuse({ counter, hash, code: 20, reason: '' })
        plain.remove(refused === undefined ? [] : [refused])
      },
    }
    for (let act = 0; act < between(10, 150); act++) {
      oneOf(Object.values(acts))()
      expect(outbox.all, `seed ${seed}`).toEqual(plain.inOrder)
      expect(outbox.isEmpty).toBe(plain.entries.length === 0)
      const stored = plain.entries.filter(({ sequence }) => sequence !== undefined).length
      expect([outbox.pending, outbox.inMemory]).toEqual([stored, plain.entries.length - stored])
    }
  }
})
