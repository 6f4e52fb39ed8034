// Every sentence that the relay's machines tell a peer: why and what to do, short enough for a WebSocket's close, and with the word
// at its end by which it is counted. [PROTOCOL §3]
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { judge } from '../../shared/admission.ts'
import { Claims } from '../../shared/claims.ts'
import { reasonFor } from '../../shared/door.ts'
import * as farewells from '../../shared/farewell.ts'
import { documentRootsMax, earlyLinkInputsMax, toJudgeMax } from '../../shared/limits.ts'
import { LogState } from '../../shared/log-state.ts'
import { closedCode, entryKind, knowledgeKind, right } from '../../shared/message.ts'
import type { EntryKind, MessageOf } from '../../shared/message.ts'
import { ProtocolError } from '../../shared/protocol-error.ts'
import type { RoomEffect, RoomInput } from '../../shared/room-words.ts'
import { SessionLinks } from '../../shared/session-links.ts'
import type { Grant, SessionEffect } from '../../shared/session-words.ts'
import { readUpdate } from '../../shared/update-reader.ts'
import { bytesOf, hostileUpdates, repeated } from './hostile-updates.ts'
import { editOf, joined, loaded, TestRoom } from './relay-room.ts'

/** What a close of a WebSocket can hold. */
const closeReasonBytesMax = 123

function expectPlain(reason: string, word?: string): void {
  expect(reason).toMatch(/^[A-Z\d].*[.:] [A-Z].*\. \([a-z]+(-[a-z]+)*\)$/)
  expect(Buffer.byteLength(reason), reason).toBeLessThanOrEqual(closeReasonBytesMax)
  if (word !== undefined) expect(reason).toContain(` (${word})`)
}

test('[L1] every way to end a socket is told in a sentence with its word', () => {
  const error = new ProtocolError('truncated', 'The bytes end before what they announce.')
  const refusal = { code: 'no-token', reason: 'There is no token. Sign in. (no-token)', isPassing: false }
  const toldOf: Record<string, readonly unknown[]> = {
    tooMuchWaits: ['hello'],
    malformed: [error],
    outOfOrder: [{ type: 'authenticated' }],
    tokenRefused: [refusal],
  }
  const all = Object.entries(farewells)
  expect(all.length).toBeGreaterThan(9)
  for (const [name, farewell] of all) {
    const said: farewells.Farewell =
      typeof farewell === 'function' ? Reflect.apply(farewell, undefined, toldOf[name] ?? []) : farewell
    expectPlain(said.reason)
  }
})

test.each(Object.entries(closedCode))(
  '[L1] that a link is closed, %s, is told in a sentence with its word',
  (_, code) => {
    expectPlain(reasonFor(code))
  },
)

function reasonsIn(effects: readonly RoomEffect[]): string[] {
  return effects.flatMap((effect) => {
    if (effect.type === 'close') return [effect.reason]
    if (effect.type !== 'tell' || effect.message.type !== 'refused') return []
    return effect.message.entries.map(({ reason }) => reason)
  })
}

const updateOf = (client: number): Uint8Array => bytesOf(1, 1, client, 0, 0, 1, 0)
const push = (link: number, client: number, update = updateOf(client)): RoomInput => {
  return { type: 'pushed', link, entries: [editOf(client, update)] }
}

test('[L1] [R1] whatever a room refuses or closes for is told in a sentence with its word', () => {
  const told = (word: string, effects: readonly RoomEffect[]): void => {
    const [reason] = reasonsIn(effects)
    if (reason === undefined) throw new Error(`Nobody was told anything of «${word}».`)
    expectPlain(reason, word)
  }
  const reader = new TestRoom()
  reader.tellAll(loaded, joined(1, 'native', false), joined(2, 'stock', false))
  told('read-only', reader.tell(push(1, 5)))
  told('read-only', reader.tell({ type: 'updateCame', link: 2, update: updateOf(6), wasAsked: false }))

  const small = new TestRoom({ documentBytesMax: 10 })
  const gcs = repeated(30, () => [0, 1])
  const heavy = bytesOf(1, 30, 7, 0, gcs, 0)
  small.tellAll(loaded, joined(1))
  small.tell(push(1, 7, heavy))
  told('too-large', small.tell({ type: 'committed', positions: [], answers: 1 }))

  const judged = new TestRoom({ isJudged: true })
  judged.tellAll(loaded, joined(1))
  for (let client = 1; client <= toJudgeMax + 1; client++) judged.tell(push(1, client))
  told('not-now', judged.tell(push(1, toJudgeMax + 2)))

  const early = new TestRoom()
  early.tell(joined(1))
  for (let count = 0; count < earlyLinkInputsMax; count++) early.tell({ type: 'presenceAsked', link: 1 })
  told('not-now', early.tell({ type: 'presenceAsked', link: 1 }))

  const damaged = new TestRoom()
  damaged.tellAll(loaded, joined(1))
  told('damaged', damaged.tell({ type: 'damaged' }))
  damaged.tell({ type: 'ending' })
  told('replaced', damaged.tell({ type: 'ended', code: closedCode.replaced }))
})

function refusalOf(update: Uint8Array, kind: EntryKind, log = new LogState(), claims = new Claims()): string {
  const verdict = judge({ kind, update, author: 'ana' }, log, claims)
  if (verdict.is !== 'refused') throw new Error('It was to be refused.')
  return verdict.reason
}

test.each(hostileUpdates)(
  '[W1] [R1] that this is no update is told in a sentence with its word: $shape',
  (hostile) => {
    expectPlain(refusalOf(hostile.bytes, entryKind.edit), hostile.code)
  },
)

test('[R1] why an update that can be read may not enter is told in a sentence with its word', () => {
  const doc = new Y.Doc()
  doc.getText('text').insert(0, 'x')
  const update = Y.encodeStateAsUpdate(doc)
  expectPlain(refusalOf(update, entryKind.derived), 'not-derived')
  const claims = new Claims()
  claims.claim(doc.clientID, 'ben')
  expectPlain(refusalOf(update, entryKind.edit, new LogState(), claims), 'foreign-client')
  const log = new LogState()
  const names = Array.from({ length: documentRootsMax }, (_, index) => [1, 1, `name${index}`, 1])
  log.add(readUpdate(bytesOf(1, documentRootsMax, 1, 0, names, 0)))
  expectPlain(refusalOf(update, entryKind.edit, log), 'too-many-roots')
})

test('[S1] that a document may not be read, or not any more, is told in a sentence with its word', () => {
  const effects: SessionEffect[] = []
  const emit = (effect: SessionEffect) => effects.push(effect)
  const links = new SessionLinks({ replica: new Uint8Array(16), tenant: '', nextLink: () => 1, emit })
  const times = { expiresAt: undefined, rightsVersion: 1 }
  const grantOf = (rights: number): Grant => ({ tenant: '', subject: '', ...times, rightsOf: () => rights })
  const open: MessageOf<'open'> = {
    type: 'open',
    link: 1,
    document: 'story',
    wants: 0,
    knowledge: { kind: knowledgeKind.nothing },
  }
  links.open(open, grantOf(right.read))
  links.applyGrant(grantOf(0))
  links.open({ ...open, link: 2 }, grantOf(0))
  const said = effects.flatMap((effect) =>
    effect.type === 'send' && effect.message.type === 'closed' ? [effect.message.reason] : [],
  )
  expect(said).toHaveLength(2)
  for (const reason of said) expectPlain(reason, 'forbidden')
})
