// What is said before there is anywhere to put it, at the edge of each bound: to a room whose document is being read, on a
// socket whose token is being checked, of links whose rights are asked for, to a tenant whose store is being opened.
import { describe, expect, test } from 'vitest'
import { EarlyAsks } from '../../shared/early-asks.ts'
import { EarlySize } from '../../shared/early-size.ts'
import {
  comeAgainMs,
  earlyInputBytesMax,
  earlyInputsMax,
  earlyLinkBytesMax,
  earlyLinkInputsMax,
  waitingMessageBytesMax,
  waitingMessagesMax,
} from '../../shared/limits.ts'
import { closedCode, comeBack, goodbyeCode, knowledgeKind, right, wireVersion } from '../../shared/message.ts'
import type { Message, MessageOf } from '../../shared/message.ts'
import type { LinkId, RoomEffect, RoomInput } from '../../shared/room-words.ts'
import { Session } from '../../shared/session.ts'
import type { Grant, SessionEffect } from '../../shared/session-words.ts'
import type { WorkspaceInput } from '../../shared/workspace.ts'
import { bytesOf } from './hostile-updates.ts'
import { joined, loaded, replica, TestRoom } from './relay-room.ts'

describe('how much it is', () => {
  test('[B1] so many are kept, and one more is not until one is gone', () => {
    const size = new EarlySize({ countMax: 2, bytesMax: 1_000 })
    expect([{}, {}, {}].map((early) => size.add(early))).toEqual([true, true, false])
    size.remove({})
    expect([{}, {}].map((early) => size.add(early))).toEqual([true, false])
  })

  test('[B1] bytes count as the frame does that they are a view of, once for all that came in it', () => {
    const size = new EarlySize({ countMax: 100, bytesMax: 2_000 })
    const viewOf = (frame: Uint8Array) => ({ bytes: frame.subarray(1, 2) })
    const [one, other] = [new Uint8Array(1_000), new Uint8Array(1_000)]
    expect(size.add(viewOf(one))).toBe(true)
    expect(size.add(viewOf(one))).toBe(true)
    expect(size.add(viewOf(other))).toBe(false)
    size.remove(viewOf(one))
    expect(size.add(viewOf(other))).toBe(false)
    size.remove(viewOf(one))
    expect(size.add(viewOf(other))).toBe(true)
  })

  test('[B1] texts count, and so does whatever holds something, however little that is', () => {
    const size = new EarlySize({ countMax: 100, bytesMax: 1_000 })
    expect(size.add({ text: 'x'.repeat(500) })).toBe(false)
    expect(size.add({ text: 'x'.repeat(400) })).toBe(true)
    expect(size.add({ entries: Array.from({ length: 10 }, () => ({ clock: 1 })) })).toBe(false)
  })
})

describe('a document that is being read', () => {
  const notNow = (link: LinkId): RoomEffect => {
    const reason = expect.stringContaining('(not-now)') as string
    return { type: 'close', link, code: closedCode.notNow, reason, afterMs: comeAgainMs }
  }

  const opened = (effects: readonly RoomEffect[]): LinkId[] =>
    effects.flatMap((effect) =>
      effect.type === 'tell' && effect.message.type === 'opened' ? [effect.link] : [],
    )

  const asked = (link: LinkId): RoomInput => ({ type: 'presenceAsked', link })
  const wrote = (link: LinkId, update: Uint8Array): RoomInput => {
    return { type: 'updateCame', link, update, wasAsked: false }
  }

  test('[B1] a link that says more than is kept is closed, and told when to come again', () => {
    const room = new TestRoom()
    room.tellAll(joined(1), joined(2))
    for (let count = 1; count < earlyLinkInputsMax; count++) expect(room.tell(asked(1))).toEqual([])
    expect(room.tell(asked(1))).toEqual([notNow(1)])
    // Others have their own share, and what it asked for goes with it.
    expect(room.tell(asked(2))).toEqual([])
    expect(room.tell({ type: 'left', link: 1, saidSo: true })).toEqual([])
    expect(room.tell(asked(2))).toEqual([])
    expect(opened(room.tell(loaded))).toEqual([2])
  })

  test('[B1] of long ones fewer are kept', () => {
    const room = new TestRoom()
    room.tellAll(joined(1, 'stock'), joined(2, 'stock'))
    expect(room.tell(wrote(1, new Uint8Array(earlyLinkBytesMax - 1_000)))).toEqual([])
    expect(room.tell(wrote(1, new Uint8Array(1_000)))).toEqual([notNow(1)])
    expect(room.tell(wrote(1, new Uint8Array(10)))).toEqual([])
    expect(room.tell(wrote(2, new Uint8Array(earlyLinkBytesMax - 1_000)))).toEqual([])
  })

  test('[B1] what all links say has its bound too, where each is within its own', () => {
    const room = new TestRoom()
    const [share, links] = [earlyLinkBytesMax - 1_000, Math.ceil(earlyInputBytesMax / earlyLinkBytesMax)]
    const answers = Array.from({ length: links + 1 }, (_, index) => {
      const link = index + 1
      return room.tellAll(joined(link, 'stock'), wrote(link, new Uint8Array(share)))
    })
    expect(answers.slice(0, links).flat()).toEqual([])
    expect(answers.at(-1)).toEqual([notNow(links + 1)])
  })

  test('[B1] who comes when there is no room is told to come again, and nothing of it is kept', () => {
    const room = new TestRoom()
    const links = earlyInputsMax / earlyLinkInputsMax
    for (let link = 1; link <= links; link++) {
      room.tell(joined(link))
      for (let count = 1; count < earlyLinkInputsMax; count++) expect(room.tell(asked(link))).toEqual([])
    }
    const late = links + 1
    expect(room.tell(joined(late))).toEqual([notNow(late)])
    expect(room.tellAll(asked(late), { type: 'left', link: late, saidSo: true })).toEqual([])
    expect(opened(room.tell(loaded))).toHaveLength(links)
  })

  test('[B1] of who came and went nothing stays', () => {
    const room = new TestRoom()
    for (let count = 0; count < earlyInputsMax; count++)
      expect(room.tellAll(joined(1), asked(1), { type: 'left', link: 1, saidSo: true })).toEqual([])
    expect(room.machine.isIdle).toBe(true)
    expect(opened(room.tell(loaded))).toEqual([])
  })

  test('[D3] what somebody wrote who is gone again is written all the same', () => {
    const room = new TestRoom()
    const update = bytesOf(1, 1, 7, 0, 0, 1, 0)
    room.tellAll(joined(1, 'stock'), wrote(1, update), { type: 'left', link: 1, saidSo: true })
    expect(room.tell(loaded)).toContainEqual(expect.objectContaining({ type: 'append', update }))
  })

  test('[B1] what comes late of a link that has left is nobody’s', () => {
    const room = new TestRoom()
    room.tellAll(joined(1), { type: 'left', link: 1, saidSo: true }, asked(1), asked(5))
    expect(room.machine.isIdle).toBe(true)
  })
})

describe('a socket', () => {
  const times = { expiresAt: undefined, rightsVersion: 1 }
  const grant: Grant = { tenant: 'acme', subject: 'ana', ...times, rightsOf: () => right.read }
  const calm = { type: 'mode', mode: 0, classes: 0, afterMs: 0 } as const
  const open = (link: number): MessageOf<'open'> => {
    return { type: 'open', link, document: `${link}`, wants: 0, knowledge: { kind: knowledgeKind.nothing } }
  }

  class TestSession {
    readonly machine: Session

    constructor() {
      let next = 0
      const options = { nextLink: () => ++next, durability: 0, entryBytesMax: 1, mode: () => calm } as const
      this.machine = new Session(options, 0)
    }

    hear(...messages: readonly Message[]): readonly SessionEffect[] {
      return messages.flatMap((message) => this.machine.step({ type: 'received', message }, 0))
    }

    greet(): this {
      const secret = new Uint8Array(16)
      this.hear({ type: 'hello', versions: [wireVersion], capabilities: 0, replica, secret, trace: '' })
      this.hear({ type: 'authenticate', token: 't' })
      return this
    }

    tokenChecked(granted = grant): this {
      this.machine.step({ type: 'tokenChecked', grant: granted }, 0)
      return this
    }

    replicaChecked(): readonly SessionEffect[] {
      return this.machine.step({ type: 'replicaChecked', isItsOwn: true }, 0)
    }
  }

  const unknown: Grant = { ...grant, rightsOf: () => undefined }
  const tooMuch = {
    type: 'send',
    message: { type: 'goodbye', code: goodbyeCode.tooMuch, comeBack: comeBack.later },
  }
  const isOver = (effects: readonly SessionEffect[]): void => {
    expect(effects[0]).toMatchObject(tooMuch)
    expect(effects.at(-1)).toEqual({ type: 'end' })
  }
  /** Its bytes are a small part of what came in the frame. */
  const longFrame = (link: number): Message => {
    const frame = new Uint8Array(1024 * 1024)
    return { type: 'known', link, stateVector: frame.subarray(0, 1) }
  }

  const states: readonly [string, () => TestSession][] = [
    ['its token is checked', () => new TestSession().greet()],
    ['its replica is checked', () => new TestSession().greet().tokenChecked()],
  ]

  test.each(states)('[B1] so many messages wait while %s, and all of them count then', (_, reach) => {
    const session = reach()
    const opens = Array.from({ length: 100 }, (__, index) => open(index + 1))
    expect(session.hear(...opens)).toEqual([])
    const waiting = waitingMessagesMax - opens.length
    for (let count = 0; count < waiting; count++)
      expect(session.hear({ type: 'pong', nonce: 1, time: 0 })).toEqual([])
    if (reach === states[0]?.[1]) session.tokenChecked()
    expect(session.replicaChecked().filter(({ type }) => type === 'happened')).toHaveLength(opens.length)
  })

  test.each(states)('[B1] one message too many while %s ends it', (_, reach) => {
    const session = reach()
    for (let count = 0; count < waitingMessagesMax; count++)
      expect(session.hear({ type: 'pong', nonce: 1, time: 0 })).toEqual([])
    isOver(session.hear({ type: 'pong', nonce: 1, time: 0 }))
    expect(session.machine.step({ type: 'lost' }, 0)).toEqual([])
  })

  test.each(states)('[B1] so many bytes wait while %s, and one frame too many ends it', (_, reach) => {
    const session = reach()
    const frames = waitingMessageBytesMax / (1024 * 1024) - 1
    for (let count = 0; count < frames; count++) expect(session.hear(longFrame(1))).toEqual([])
    isOver(session.hear(longFrame(1)))
  })

  const asking = (): TestSession => {
    const session = new TestSession().greet().tokenChecked(unknown)
    session.replicaChecked()
    return session
  }

  test('[B1] links whose rights are asked for count with what they say', () => {
    const session = asking()
    for (let link = 1; link <= 50; link++)
      expect(session.hear(open(link))).toMatchObject([{ type: 'askRights', link }])
    for (let count = 50; count < waitingMessagesMax; count++)
      expect(session.hear({ type: 'known', link: 1, stateVector: bytesOf(0) })).toEqual([])
    isOver(session.hear(open(51)))
  })

  test('[B1] so many bytes wait for the answer to an open, and those of a link that left no more', () => {
    const session = asking()
    const frames = waitingMessageBytesMax / (1024 * 1024) - 1
    session.hear(open(1), open(2))
    for (let count = 0; count < frames; count++) expect(session.hear(longFrame(1))).toEqual([])
    expect(session.hear({ type: 'leave', link: 1 })).toEqual([])
    for (let count = 0; count < frames; count++) expect(session.hear(longFrame(2))).toEqual([])
    isOver(session.hear(longFrame(2)))
  })
})

describe('a workspace whose store is being opened', () => {
  const grant = { tenant: 'acme', subject: 'ana', rightsVersion: 1, rightsOf: () => right.read }
  const newer = { ...grant, rightsVersion: 2 }
  const ask = (link: LinkId, ...cursor: number[]): WorkspaceInput => {
    return { type: 'changesAsked', link, cursor: bytesOf(...cursor), follow: true, grant }
  }

  function kept(...inputs: readonly WorkspaceInput[]): readonly WorkspaceInput[] {
    const asks = new EarlyAsks()
    for (const input of inputs) asks.keep(input)
    return asks.all
  }

  test('[B1] of each link the newest question is kept, with the rights and the room that it has now', () => {
    expect(kept(ask(1, 1), ask(2, 2), ask(1, 3))).toEqual([ask(1, 3), ask(2, 2)])
    expect(kept(ask(1), { type: 'grantChanged', link: 1, grant: newer })).toEqual([
      { ...ask(1), grant: newer },
    ])
    expect(kept(ask(1), { type: 'filled', link: 1 }, ask(1, 3))).toEqual([
      ask(1, 3),
      { type: 'filled', link: 1 },
    ])
    expect(kept(ask(1), { type: 'filled', link: 1 }, { type: 'drained', link: 1 })).toEqual([ask(1)])
    expect(kept(ask(1), { type: 'left', link: 1 }, { type: 'grantChanged', link: 1, grant })).toEqual([])
  })

  test('[B1] that there is no time for lists is kept, and that there is again', () => {
    expect(kept(ask(1), { type: 'held', isHeld: true })).toEqual([{ type: 'held', isHeld: true }, ask(1)])
    expect(kept({ type: 'held', isHeld: true }, { type: 'held', isHeld: false })).toEqual([])
  })
})
