// room-phases.test.ts — every input in every phase of a room, as its table has it: what is taken does no harm, what is kept
// comes to the same later, what is passed over means nothing, and what only a broken program says is thrown back at it.
import { describe, expect, test } from 'vitest'
import { closedCode, refusedCode } from '../../shared/message.ts'
import { meanings } from '../../shared/room-words.ts'
import type { RoomEffect, RoomInput, RoomPhase } from '../../shared/room-words.ts'
import { bytesOf } from './hostile-updates.ts'
import { editOf, joined, loaded, TestRoom } from './relay-room.ts'

/** The first clock of this client. */
const updateOf = (client: number): Uint8Array => bytesOf(1, 1, client, 0, 0, 1, 0)

const pushed: RoomInput = { type: 'pushed', link: 1, entries: [editOf(1, updateOf(1))] }

const reach: Record<RoomPhase, () => TestRoom> = {
  loading: () => {
    const room = new TestRoom()
    room.tell(joined(1))
    return room
  },
  open: () => {
    const room = new TestRoom()
    room.tellAll(loaded, joined(1))
    return room
  },
  judging: () => {
    const room = new TestRoom({ isJudged: true })
    room.tellAll(loaded, joined(1), pushed)
    return room
  },
  ending: () => {
    const room = reach.open()
    room.tell({ type: 'ending' })
    return room
  },
}

const digest = new Uint8Array(32)

const inputs: { readonly [Type in RoomInput['type']]: RoomInput & { readonly type: Type } } = {
  loaded,
  joined: joined(2, 'stock') as RoomInput & { type: 'joined' },
  left: { type: 'left', link: 1, saidSo: true },
  pushed: { type: 'pushed', link: 1, entries: [editOf(2, updateOf(2))] },
  updateCame: { type: 'updateCame', link: 1, update: updateOf(3), wasAsked: false },
  filed: { type: 'filed', link: 1, entries: [{ counter: 1, hash: new Uint8Array(16) }] },
  judged: { type: 'judged', refusal: { code: refusedCode.badUpdate, reason: 'No. (rule)' } },
  committed: { type: 'committed', positions: [], answers: 0 },
  knew: { type: 'knew', link: 1, stateVector: bytesOf(1, 9, 9) },
  rowsRead: { type: 'rowsRead', link: 1, rows: [], isEnd: true },
  piecesRead: { type: 'piecesRead', link: 1, through: 9, pieces: [updateOf(4)], next: undefined },
  differenceMade: { type: 'differenceMade', link: 1, through: 9, pieces: [updateOf(4)] },
  differenceFailed: { type: 'differenceFailed', link: 1 },
  compareAsked: { type: 'compareAsked', link: 1, position: 0, digest },
  digestMade: { type: 'digestMade', position: 0, digest },
  digestFailed: { type: 'digestFailed', position: 0 },
  damaged: { type: 'damaged' },
  wentOn: { type: 'wentOn', link: 1 },
  filled: { type: 'filled', link: 1 },
  drained: { type: 'drained', link: 1 },
  rightsChanged: { type: 'rightsChanged', link: 1, mayWrite: false },
  presenceSaid: {
    type: 'presenceSaid',
    link: 1,
    entries: [{ client: 5, clock: 1, state: '{}' }],
    isOpening: false,
  },
  presenceAsked: { type: 'presenceAsked', link: 1 },
  gathered: { type: 'gathered' },
  woken: { type: 'woken' },
  foldMade: { type: 'foldMade', through: 0, bytes: 1 },
  foldEnded: { type: 'foldEnded', succeeded: true },
  foldValid: { type: 'foldValid', through: 0, servedFrom: 0 },
  ending: { type: 'ending' },
  ended: { type: 'ended', code: closedCode.replaced },
}

const phases = Object.keys(reach) as RoomPhase[]
const types = Object.keys(inputs) as RoomInput['type'][]

/** Whatever the room is asked afterwards tells whether something of it stayed. */
function probe(room: TestRoom): readonly RoomEffect[] {
  const update = { type: 'updateCame', link: 8, update: updateOf(7), wasAsked: false } as const
  return room.tellAll(joined(8, 'stock'), update, { type: 'compareAsked', link: 8, position: 0, digest })
}

describe.each(phases)('[L1] in %s', (phase) => {
  test('[L1] is a phase that a room gets into', () => {
    expect(reach[phase]().machine.phase).toBe(phase)
  })

  const typesThat = (meaning: string) => types.filter((type) => meanings[phase][type] === meaning)

  test.each(typesThat('take'))('[L1] %s is taken, and does no harm', (type) => {
    expect(() => reach[phase]().tell(inputs[type])).not.toThrow()
  })

  // Of who came and went before the document was read nothing stays: early.test.ts.
  const kept = typesThat('keep').filter((type) => type !== 'left')
  if (kept.length > 0)
    test.each(kept)('[L1] %s waits, and comes to the same as if it had come later', (type) => {
      const early = reach[phase]()
      expect(early.tell(inputs[type])).toEqual([])
      const late = reach[phase]()
      expect(early.tell(loaded)).toEqual(late.tellAll(loaded, inputs[type]))
      expect(early.machine.phase).toBe(late.machine.phase)
    })

  test.each(typesThat('pass'))('[E1] %s means nothing', (type) => {
    const [told, untold] = [reach[phase](), reach[phase]()]
    expect(told.tell(inputs[type])).toEqual([])
    expect(told.machine.phase).toBe(phase)
    expect(probe(told)).toEqual(probe(untold))
  })

  const faults = typesThat('fault')
  if (faults.length > 0)
    test.each(faults)('[L1] %s is nothing that a peer or the world can bring about', (type) => {
      expect(() => reach[phase]().tell(inputs[type])).toThrow(`A room that is ${phase} was told «${type}».`)
    })
})
