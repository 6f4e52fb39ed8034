// session-rights.test.ts — what the token of a native socket allows, who is asked for it, and what becomes of links when it
// changes.
import { expect, test } from 'vitest'
import { closedCode, comeBack, goodbyeCode, right } from '../../shared/message.ts'
import { waitingMessagesMax } from '../../shared/limits.ts'
import { Session } from '../../shared/session.ts'
import type { Grant } from '../../shared/session-words.ts'

import { grant, sessionIn, samples } from './session-story.ts'

/** A grant that knows nothing before it was asked. */
function askedGrant(): Grant & { readonly known: Map<string, number> } {
  const known = new Map<string, number>()
  return { ...grant, known, rightsOf: (document) => known.get(document) }
}

function sessionWith(granted: Grant): Session {
  const session = sessionIn('checkingToken')
  session.step({ type: 'tokenChecked', grant: granted }, 0)
  session.step({ type: 'replicaChecked', isItsOwn: true }, 0)
  return session
}

const story = { ...samples.open, link: 1, document: 'story' }
const knownSaid = { ...samples.known, link: 1 }

test('[S1] a document that the token does not open is closed, and no room hears of it', () => {
  const effects = sessionIn('open').step(
    { type: 'received', message: { ...samples.open, document: 'secret' } },
    0,
  )
  expect(effects.map(({ type }) => type)).toEqual(['send'])
  expect(effects[0]).toMatchObject({ message: { type: 'closed', link: 2 } })
})

test('[S1] a new token that may read less closes links, one that may write less tells the room', () => {
  const session = sessionIn('open')
  const readOnly = { ...grant, rightsOf: () => right.read }
  expect(session.step({ type: 'tokenChecked', grant: readOnly }, 0)).toMatchObject([
    { type: 'send', message: { type: 'authenticated' } },
    { type: 'happened', input: { type: 'rightsChanged', mayWrite: false } },
  ])
  const none = { ...grant, rightsOf: () => 0 }
  expect(session.step({ type: 'tokenChecked', grant: none }, 0)).toMatchObject([
    { type: 'send', message: { type: 'authenticated' } },
    { type: 'happened', input: { type: 'left' } },
    { type: 'send', message: { type: 'closed', link: 1 } },
  ])
  expect(session.linkCount).toBe(0)
})

test('[S1] a token of somebody else ends the socket: that is another store on the device', () => {
  const session = sessionIn('open')
  const effects = session.step({ type: 'tokenChecked', grant: { ...grant, subject: 'ben' } }, 0)
  expect(effects[0]).toMatchObject({ message: { type: 'goodbye', code: goodbyeCode.otherSubject } })
})

test('[S1] where somebody has to be asked for the rights, no room hears of a link before the answer', () => {
  const asked = askedGrant()
  const session = sessionWith(asked)
  expect(session.step({ type: 'received', message: story }, 0)).toEqual([
    { type: 'askRights', link: 1, document: 'story' },
  ])
  expect(session.step({ type: 'received', message: knownSaid }, 0)).toEqual([])
  asked.known.set('story', right.read)
  const answer = { type: 'rightsAnswered', link: 1, document: 'story', refusal: undefined } as const
  expect(session.step(answer, 0)).toMatchObject([
    { type: 'happened', input: { type: 'joined', mayWrite: false } },
    { type: 'happened', input: { type: 'knew' } },
  ])
  expect(session.step(answer, 0)).toEqual([])
})

test('[S1] a link whose rights are refused is closed, with the way back that fits, and may be opened again', () => {
  for (const [isPassing, code, back] of [
    [false, closedCode.forbidden, comeBack.withToken],
    [true, closedCode.notNow, comeBack.later],
  ] as const) {
    const session = sessionWith(askedGrant())
    session.step({ type: 'received', message: story }, 0)
    const refusal = { code: 'no', reason: 'No.', isPassing }
    const effects = session.step({ type: 'rightsAnswered', link: 1, document: 'story', refusal }, 0)
    const message = { type: 'closed', link: 1, code, comeBack: back, reason: 'No.' }
    expect(effects).toMatchObject([{ type: 'send', message }])
    expect(session.step({ type: 'received', message: story }, 0)).toMatchObject([{ type: 'askRights' }])
  }
})

test('[S1] an answer for a link that was left meanwhile opens nothing', () => {
  const asked = askedGrant()
  const session = sessionWith(asked)
  session.step({ type: 'received', message: story }, 0)
  expect(session.step({ type: 'received', message: { type: 'leave', link: 1 } }, 0)).toEqual([])
  session.step({ type: 'received', message: { ...story, document: 'other' } }, 0)
  asked.known.set('story', right.read)
  const answer = { type: 'rightsAnswered', link: 1, refusal: undefined } as const
  expect(session.step({ ...answer, document: 'story' }, 0)).toEqual([])
  asked.known.set('other', right.read)
  expect(session.step({ ...answer, document: 'other' }, 0)).toMatchObject([
    { type: 'happened', document: 'other', input: { type: 'joined' } },
  ])
})

test('[B1] so much may be said of links whose rights are asked for, and no more', () => {
  const session = sessionWith(askedGrant())
  session.step({ type: 'received', message: story }, 0)
  // The open waits too.
  for (let n = 1; n < waitingMessagesMax; n++) {
    expect(session.step({ type: 'received', message: knownSaid }, 0)).toEqual([])
  }
  expect(session.step({ type: 'received', message: knownSaid }, 0)[0]).toMatchObject({
    message: { type: 'goodbye', code: goodbyeCode.tooMuch },
  })
})

test('[S1] looked at again, a link that may do less is told so or shut, at once', () => {
  const asked = askedGrant()
  asked.known.set('story', right.read + right.write)
  const session = sessionWith(asked)
  session.step({ type: 'received', message: story }, 0)
  const less = askedGrant()
  less.known.set('story', right.read)
  expect(session.step({ type: 'grantRenewed', grant: less }, 0)).toMatchObject([
    { type: 'happened', input: { type: 'rightsChanged', mayWrite: false } },
  ])
  const unknown = { ...askedGrant(), rightsVersion: 2 }
  expect(session.step({ type: 'grantRenewed', grant: unknown }, 0)).toMatchObject([
    { type: 'send', message: { type: 'authenticated', rightsVersion: 2 } },
    { type: 'askRights', link: 1, document: 'story' },
  ])
  const refusal = { code: 'no', reason: 'No.', isPassing: false }
  expect(session.step({ type: 'rightsAnswered', link: 1, document: 'story', refusal }, 0)).toMatchObject([
    { type: 'happened', input: { type: 'left' } },
    { type: 'send', message: { type: 'closed', link: 1, code: closedCode.forbidden } },
  ])
  expect(session.linkCount).toBe(0)
})

test('[S1] looked at again, a token that is somebody else’s now ends the socket', () => {
  const [first] = sessionIn('open').step({ type: 'grantRenewed', grant: { ...grant, tenant: 'other' } }, 0)
  expect(first).toMatchObject({ message: { type: 'goodbye', code: goodbyeCode.otherSubject } })
})

test('[S1] looked at again before the socket is open, a grant holds from its beginning', () => {
  const session = sessionIn('checkingReplica')
  expect(session.step({ type: 'grantRenewed', grant: { ...grant, rightsOf: () => 0 } }, 0)).toEqual([])
  session.step({ type: 'replicaChecked', isItsOwn: true }, 0)
  expect(session.step({ type: 'received', message: story }, 0)).toMatchObject([
    { type: 'send', message: { type: 'closed', link: 1 } },
  ])
})

test('[S1] a token that is refused ends the socket, with a new token or, if nobody can tell, later', () => {
  for (const [isPassing, code, back] of [
    [false, goodbyeCode.unauthenticated, comeBack.withToken],
    [true, goodbyeCode.failing, comeBack.later],
  ] as const) {
    const refusal = { code: 'no', reason: 'No.', isPassing }
    for (const phase of ['checkingToken', 'open'] as const) {
      const effects = sessionIn(phase).step({ type: 'tokenRefused', refusal }, 0)
      const message = { type: 'goodbye', code, comeBack: back, reason: 'No.' }
      expect(effects.find(({ type }) => type === 'send')).toMatchObject({ message })
      expect(effects.at(-1)).toEqual({ type: 'end' })
    }
  }
})

test('[B1] tokens that come faster than they are checked are checked one at a time, the last one last', () => {
  const session = sessionIn('open')
  const say = (token: string) =>
    session.step({ type: 'received', message: { type: 'authenticate', token } }, 0)
  expect(say('one')).toEqual([{ type: 'checkToken', token: 'one' }])
  expect(say('two')).toEqual([])
  expect(say('three')).toEqual([])
  expect(session.step({ type: 'tokenChecked', grant }, 0).at(-1)).toEqual({
    type: 'checkToken',
    token: 'three',
  })
  expect(session.step({ type: 'tokenChecked', grant }, 0)).toMatchObject([{ type: 'send' }])
  expect(say('four')).toEqual([{ type: 'checkToken', token: 'four' }])
})

test('[S1] what changed is asked with the rights of the token, and again with those of another token', () => {
  const session = sessionIn('open')
  const asked = session.step({ type: 'received', message: { ...samples.changes, follow: true } }, 0)
  expect(asked).toMatchObject([{ type: 'workspace', tenant: 'acme', input: { type: 'changesAsked', grant } }])
  const other = { ...grant, rightsVersion: 2 }
  expect(session.step({ type: 'grantRenewed', grant: other }, 0)).toContainEqual(
    expect.objectContaining({
      type: 'workspace',
      input: expect.objectContaining({ type: 'grantChanged', grant: other }),
    }),
  )
  expect(session.step({ type: 'lost' }, 0)).toContainEqual(
    expect.objectContaining({ type: 'workspace', input: expect.objectContaining({ type: 'left' }) }),
  )
})
