// replica.test.ts — the device's leading tab: its socket, what goes up and comes down on it, and when it rests.

import { describe, expect, test } from 'vitest'

import { closedCode, comeBack, goodbyeCode, relayMode } from '../../shared/message.ts'
import type { Message } from '../../shared/message.ts'
import { meanings } from '../../shared/replica-words.ts'
import type { ReplicaInput, SocketPhaseName } from '../../shared/replica-words.ts'
import { atHead, bytes, epochA, planKind, planReason, readAndWrite, seal } from './replica-story.ts'
import { Device } from './replica-device.ts'

describe('meeting', () => {
  test('[L1] hello, token and opens go out in one go, and who is looked at is opened first', () => {
    const device = new Device(true).lead().open('one', 'two', 'three')
    device.tell({ type: 'documentShown', document: 'three' }).tell({ type: 'tokenGiven', token: 't' })
    device.connect()
    const said = device.effects.flatMap((effect) => (effect.type === 'send' ? [effect.message] : []))
    expect(said.map(({ type }) => type)).toEqual(['hello', 'authenticate', 'open', 'open', 'open', 'changes'])
    expect(device.sent('open').map(({ document }) => document)).toEqual(['three', 'one', 'two'])
  })

  test('[T1] the status has the clock and the durability that welcome told', () => {
    expect(new Device().online().status).toMatchObject({
      phase: 'ready',
      clockOffsetMs: 5_000,
      durability: 0,
    })
  })

  test('[L1] without a token it rests and says why, and a token ends that', () => {
    const device = new Device().lead()
    expect(device.status).toMatchObject({ phase: 'resting', reason: 'tokenMissing' })
    expect(device.effects).toContainEqual({ type: 'askToken', reason: 'missing' })
    expect(device.tell({ type: 'tokenGiven', token: 't' }).types()).toContain('connect')
  })

  test('[S1] a token of somebody else pushes nothing of what waits here', () => {
    const device = new Device().online().open('one').edit('one', 1)
    device.forget().hear({
      type: 'authenticated',
      tenant: '',
      subject: 'mallory',
      expiresInMs: 0,
      rightsVersion: 1,
    })
    expect(device.types()).toContain('disconnect')
    expect(device.cut().status).toMatchObject({ phase: 'resting', reason: 'otherSubject' })
    expect(device.sent('push')).toEqual([])
  })
})

describe('tokens', () => {
  test('[D3] a token is renewed on the running socket before it ends', () => {
    const device = new Device().online()
    device.hear({ type: 'authenticated', tenant: '', subject: '', expiresInMs: 600_000, rightsVersion: 1 })
    device.forget()
    device.hear({ type: 'authExpiring', inMs: 30_000 })
    expect(device.effects).toContainEqual({ type: 'askToken', reason: 'expiring' })
    expect(device.status!.isTokenExpiring).toBe(true)
    device.tell({ type: 'tokenGiven', token: 'new' })
    expect(device.sent('authenticate')).toEqual([{ type: 'authenticate', token: 'new' }])
    expect(device.types()).not.toContain('disconnect')
    expect(device.status).toMatchObject({ phase: 'ready', isTokenExpiring: false })
  })

  test('[D3] [L1] a token that is refused drops nothing: the outbox waits and the next token drains it', () => {
    const device = new Device().online().open('one').edit('one', 1).opened('one', 5)
    expect(device.sent('push')).toHaveLength(1)
    device.goodbye(goodbyeCode.unauthenticated, comeBack.withToken)
    expect(device.status).toMatchObject({ phase: 'resting', reason: 'tokenRefused' })
    expect(device.store.outbox()).toEqual([1])
    device.forget().tell({ type: 'roused', by: 'event' })
    expect(device.status!.phase).toBe('resting')
    device.tell({ type: 'tokenGiven', token: 'new' }).connect()
    expect(device.opened('one', 6).sent('push')).toHaveLength(1)
  })
})

describe('coming back', () => {
  test('[L1] waits grow with failures, and are full jitter', () => {
    const device = new Device().lead().tell({ type: 'tokenGiven', token: 't' })
    const waits = [1, 2, 3].map(() => {
      device.cut()
      const wait = device.status!.nextTryAt! - device.now
      device.wait(wait)
      return wait
    })
    expect(waits).toEqual([250, 500, 1_000])
  })

  test('[L1] codes decide, never text', () => {
    const rests = [
      [goodbyeCode.version, comeBack.withVersion, 'version'],
      [goodbyeCode.malformed, comeBack.no, 'refused'],
      [goodbyeCode.otherSubject, comeBack.no, 'otherSubject'],
      [goodbyeCode.replicaTaken, comeBack.no, 'replicaTaken'],
      [goodbyeCode.unauthenticated, comeBack.withToken, 'tokenRefused'],
    ] as const
    for (const [code, back, reason] of rests) {
      expect(new Device().online().goodbye(code, back).status).toMatchObject({ phase: 'resting', reason })
    }
    expect(new Device().online().goodbye(goodbyeCode.draining, comeBack.later).status!.phase).toBe('waiting')
  })

  test('[L1] every rest ends by a person or a token', () => {
    for (const [code, back] of [
      [goodbyeCode.version, comeBack.withVersion],
      [goodbyeCode.malformed, comeBack.no],
      [goodbyeCode.replicaTaken, comeBack.no],
    ] as const) {
      const device = new Device().online().goodbye(code, back).forget()
      const before = device.socket
      expect(device.tell({ type: 'roused', by: 'person' }).socket).toBeGreaterThan(before)
    }
    const device = new Device().online().goodbye(goodbyeCode.otherSubject, comeBack.no)
    expect(device.tell({ type: 'roused', by: 'person' }).effects.at(-2)).toMatchObject({ type: 'askToken' })
  })

  test('[L1] the relay may ask for time: only a person comes sooner', () => {
    const device = new Device().online().goodbye(goodbyeCode.overloaded, comeBack.later, 30_000)
    const before = device.socket
    expect(device.tell({ type: 'roused', by: 'event' }).socket).toBe(before)
    expect(device.tell({ type: 'roused', by: 'person' }).socket).toBe(before + 1)
    const other = new Device().online().cut()
    expect(other.tell({ type: 'roused', by: 'event' }).socket).toBe(2)
  })

  test('[L1] a taken replica id makes a new one, and goes on', () => {
    const device = new Device().online().goodbye(goodbyeCode.replicaTaken, comeBack.no)
    expect(device.types()).toContain('makeIdentity')
    const replica = new Uint8Array(16).fill(9)
    device.tell({ type: 'identityMade', replica, secret: replica }).connect()
    expect(device.sent('hello').at(-1)!.replica).toEqual(replica)
  })

  test('[L1] who works offline is not called back by events, and goes on when they say so', () => {
    const device = new Device().online().tell({ type: 'workOfflineSet', isOn: true }).cut()
    expect(device.status).toMatchObject({ phase: 'resting', reason: 'workOffline' })
    device.tell({ type: 'roused', by: 'event' })
    expect(device.status!.phase).toBe('resting')
    expect(device.tell({ type: 'workOfflineSet', isOn: false }).status!.phase).toBe('connecting')
  })

  test('[L1] a socket that is silent for three times the agreed time is let go', () => {
    const device = new Device().online().forget()
    device.wait(16_000)
    expect(device.sent('ping')).toHaveLength(1)
    device.wait(16_000).wait(16_000).wait(12_000)
    expect(device.types()).toContain('disconnect')
    expect(device.cut().status!.phase).toBe('waiting')
  })

  test('[L1] what comes of a socket when it cannot come any more means nothing, in each phase', () => {
    const reach: Record<SocketPhaseName, () => Device> = {
      following: () => new Device().tell({ type: 'woken' }),
      resting: () => new Device().lead(),
      waiting: () => new Device().online().cut(),
      connecting: () => new Device().lead().tell({ type: 'tokenGiven', token: 't' }),
      greeting: () => new Device().lead().tell({ type: 'tokenGiven', token: 't' }).connect(),
      ready: () => new Device().online(),
      parting: () => new Device().online().tell({ type: 'workOfflineSet', isOn: true }),
    }
    const said = (socket: number): ReplicaInput[] => [
      { type: 'connected', socket },
      { type: 'received', socket, messages: [{ type: 'ping', nonce: 1 }] },
      { type: 'garbled', socket },
      { type: 'disconnected', socket, random: 0 },
    ]
    for (const phase of Object.keys(reach) as SocketPhaseName[]) {
      const socket = reach[phase]().effects.findLast((effect) => effect.type === 'connect')?.socket ?? 0
      for (const input of said(socket)) {
        const device = reach[phase]()
        expect(device.status?.phase ?? 'following').toBe(phase)
        device.effects = []
        device.tell(input)
        const isPassed = meanings[phase][input.type] === 'pass'
        const isQuiet = device.effects.every(({ type }) => type === 'wakeAt')
        expect(isQuiet, `${phase}, ${input.type}`).toBe(isPassed)
      }
    }
  })

  test('[L1] what an old socket still says means nothing', () => {
    const device = new Device().online().open('one').edit('one', 1).opened('one', 5)
    const old = device.socket
    device.cut()
    device.tell({
      type: 'received',
      socket: old,
      messages: [{ type: 'ack', room: 5, ranges: [{ from: 1, count: 1 }] }],
    })
    expect(device.store.outbox()).toEqual([1])
  })
})

test('[D3] what comes in one frame goes to the disk together', () => {
  const device = new Device().online().open('one').edit('one', 1).opened('one', 5)
  device.forget()
  device.hear(
    { type: 'delivery', room: 5, after: 0, through: 1, updates: [] },
    { type: 'ack', room: 5, ranges: [{ from: 1, count: 1 }] },
  )
  const batches = device.effects.flatMap((effect) =>
    effect.type === 'document' && effect.effect.type === 'write' ? [effect.effect.changes] : [],
  )
  expect(batches.map((changes) => changes.map(({ type }) => type))).toEqual([['advance', 'acknowledge']])
  expect(device.store.outbox()).toEqual([])
})

describe('the window', () => {
  test('[B1] two pushes are without an answer at a time, over all documents, in turns', () => {
    const device = new Device().online().open('one', 'two', 'three')
    for (const document of ['one', 'two', 'three']) device.edit(document, 1)
    device.opened('one', 1).opened('two', 2).opened('three', 3)
    expect(device.sent('push')).toHaveLength(2)
    device.hear({ type: 'ack', room: 1, ranges: [{ from: 1, count: 1 }] })
    expect(device.sent('push').map(({ link }) => link)).toEqual([1, 2, 3])
  })

  test('[L1] while the relay only reads, nothing is pushed, and then it is', () => {
    const device = new Device().online().open('one')
    device.opened('one', 1)
    device.hear({ type: 'mode', mode: relayMode.readOnly, classes: 3, afterMs: 5_000 }).edit('one', 1)
    expect(device.sent('push')).toEqual([])
    expect(device.wait(5_000).sent('push')).toHaveLength(1)
  })
})

describe('the background', () => {
  const changed = (more: boolean, ...documents: string[]): Message => ({
    type: 'changed',
    full: false,
    more,
    documents: documents.map((document) => ({
      document,
      epoch: epochA,
      position: 4,
      rights: readAndWrite,
    })),
    cursor: bytes(9),
  })

  test('[C2] the workspace cursor comes with the last part of what it stands for', () => {
    const device = new Device(true).online().forget()
    device.hear(changed(true, 'one'))
    expect(device.effects.find(({ type }) => type === 'storeList')).toMatchObject({ cursor: undefined })
    device.forget().hear(changed(false, 'two'))
    expect(device.effects.find(({ type }) => type === 'storeList')).toMatchObject({ cursor: bytes(9) })
  })

  test('[C2] the cursor of a full list comes with what the list does not name, for it stands for that too', () => {
    const device = new Device(true).online().forget()
    const full = (more: boolean, name: string) => ({ ...changed(more, name), full: true }) as Message
    device.hear(full(true, 'one')).hear(full(false, 'two'))
    const stored = () =>
      device.effects.flatMap((effect) =>
        effect.type === 'storeList'
          ? [[effect.documents.map(({ document }) => document), effect.cursor]]
          : [],
      )
    expect(stored()).toEqual([
      [['one'], undefined],
      [['two'], undefined],
    ])
    expect(device.types()).toContain('readDocuments')
    device.forget()
    const held = (document: string, epoch = epochA) => ({ document, epoch })
    // What never was the relay's is nobody's to take away.
    const documents = [held('one'), held('unlisted'), held('two'), held('new', bytes())]
    device.tell({ type: 'documentsRead', documents })
    expect(stored()).toEqual([[['unlisted'], bytes(9)]])
    device.forget().tell({ type: 'documentsRead', documents })
    expect(stored()).toEqual([])
  })

  test('[C2] a full list that was cut short says nothing of what it did not come to', () => {
    const device = new Device(true).online()
    device.hear({ ...changed(true, 'one'), full: true } as Message).cut()
    device.wait(60_000).connect()
    device.hear({ type: 'authenticated', tenant: '', subject: '', expiresInMs: 0, rightsVersion: 1 })
    device.forget().hear({ ...changed(false, 'two'), full: true } as Message)
    device.tell({ type: 'documentsRead', documents: [{ document: 'one', epoch: epochA }] })
    expect(device.effects).toContainEqual({
      type: 'storeList',
      documents: [{ document: 'one', epoch: epochA, position: 0 }],
      cursor: bytes(9),
    })
  })

  test('[B1] a document that the relay puts off is waited for, and the others with it', () => {
    const device = new Device(true)
      .online()
      .hear(changed(false, 'one', 'two'))
      .forget()
    const link = 1
    const word = {
      type: 'closed',
      link,
      code: closedCode.notNow,
      comeBack: comeBack.later,
      reason: '',
    } as const
    device.hear({ ...word, afterMs: 5_000 })
    expect(device.sent('open')).toEqual([])
    expect(device.wait(4_999).sent('open')).toEqual([])
    expect(
      device
        .wait(1)
        .sent('open')
        .map(({ document }) => document),
    ).toEqual(['one'])
  })

  test('[B1] documents are fetched one after the other, behind the one that is looked at', () => {
    const device = new Device(true).online().open('shown').forget()
    device.hear(changed(false, 'one', 'two'))
    expect(device.sent('open')).toEqual([])
    device.hear({
      type: 'opened',
      link: 1,
      room: 1,
      rights: readAndWrite,
      epoch: epochA,
      head: 0,
      seal,
      plan: atHead,
    })
    expect(device.sent('open').map(({ document }) => document)).toEqual(['one'])
    const whole = { kind: planKind.whole, reason: planReason.asked } as const
    device.hear({
      type: 'opened',
      link: 2,
      room: 2,
      rights: readAndWrite,
      epoch: epochA,
      head: 4,
      seal,
      plan: whole,
    })
    device.hear({ type: 'piece', room: 2, update: bytes(1) })
    expect(device.status!.toFetch).toBe(2)
    device.hear({ type: 'caughtUp', room: 2, through: 4 })
    expect(device.effects).toContainEqual({
      type: 'storeFetched',
      listed: { document: 'one', epoch: epochA, position: 4 },
    })
    expect(device.sent('leave')).toHaveLength(1)
    expect(device.sent('open').map(({ document }) => document)).toEqual(['one', 'two'])
  })

  test('[L1] unsent edits of documents that nobody has open go up', () => {
    const device = new Device().open('one').edit('one', 1).tell({ type: 'documentClosed', document: 'one' })
    device.lead(['one']).tell({ type: 'tokenGiven', token: 't' }).connect()
    device.hear({ type: 'authenticated', tenant: '', subject: '', expiresInMs: 0, rightsVersion: 1 })
    expect(device.opened('one', 4).sent('push')).toHaveLength(1)
    device.hear({ type: 'ack', room: 4, ranges: [{ from: 1, count: 1 }] })
    expect(device.effects).toContainEqual({ type: 'forgetDocument', document: 'one' })
    expect(device.store.outbox()).toEqual([])
  })

  test('[C1] a document that is only fetched is not compared: nobody has a Y.Doc of it', () => {
    const device = new Device(true).online().hear(changed(false, 'one')).wait(120_000)
    expect(device.types()).not.toContain('makeDigest')
  })
})
