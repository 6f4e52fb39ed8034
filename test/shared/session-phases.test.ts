// session-phases.test.ts — every input in every phase of a socket, as its table has it: what is taken does no harm, what is
// passed over means nothing, and what only a broken program says is thrown back at it. Messages: session.test.ts.
import { describe, expect, test } from 'vitest'
import { closedCode, comeBack, goodbyeCode, knowledgeKind, right, wireVersion } from '../../shared/message.ts'
import { ProtocolError } from '../../shared/protocol-error.ts'
import { Session } from '../../shared/session.ts'
import { meanings } from '../../shared/session-words.ts'
import type { Grant, SessionEffect, SessionInput, SessionPhase } from '../../shared/session-words.ts'

const id = new Uint8Array(16)
const times = { expiresAt: undefined, rightsVersion: 1 }
const grant: Grant = { tenant: 'acme', subject: 'ana', ...times, rightsOf: () => right.read + right.write }
const refusal = { code: 'no', reason: 'No. (no)', isPassing: false }
const busy = { type: 'mode', mode: 1, classes: 1, afterMs: 5_000 } as const

class TestSession {
  readonly machine: Session

  constructor() {
    let next = 0
    const options = { nextLink: () => ++next, durability: 0, entryBytesMax: 1, mode: () => busy } as const
    this.machine = new Session(options, 0)
  }

  tell(...inputs: readonly SessionInput[]): readonly SessionEffect[] {
    return inputs.flatMap((input) => this.machine.step(input, 0))
  }

  and(...inputs: readonly SessionInput[]): this {
    this.tell(...inputs)
    return this
  }
}

const hello: SessionInput = {
  type: 'received',
  message: { type: 'hello', versions: [wireVersion], capabilities: 0, replica: id, secret: id, trace: '' },
}
const authenticate: SessionInput = { type: 'received', message: { type: 'authenticate', token: 't' } }
const opening = {
  type: 'open',
  link: 1,
  document: 'story',
  wants: 0,
  knowledge: { kind: knowledgeKind.nothing },
} as const
const open: SessionInput = { type: 'received', message: opening }

const reach: Record<SessionPhase, () => TestSession> = {
  meeting: () => new TestSession(),
  met: () => reach.meeting().and(hello),
  checkingToken: () => reach.met().and(authenticate),
  checkingReplica: () => reach.checkingToken().and({ type: 'tokenChecked', grant }),
  open: () => reach.checkingReplica().and({ type: 'replicaChecked', isItsOwn: true }, open),
  ended: () => reach.open().and({ type: 'lost' }),
}

const inputs: { readonly [Type in SessionInput['type']]: SessionInput & { readonly type: Type } } = {
  received: { type: 'received', message: { type: 'ping', nonce: 5 } },
  garbled: { type: 'garbled', error: new ProtocolError('truncated', 'The bytes end.') },
  tokenChecked: { type: 'tokenChecked', grant },
  tokenRefused: { type: 'tokenRefused', refusal },
  grantRenewed: { type: 'grantRenewed', grant: { ...grant, rightsVersion: 2 } },
  rightsAnswered: { type: 'rightsAnswered', link: 1, document: 'story', refusal: undefined },
  replicaChecked: { type: 'replicaChecked', isItsOwn: true },
  told: { type: 'told', message: { type: 'caughtUp', room: 1, through: 1 } },
  filled: { type: 'filled' },
  drained: { type: 'drained' },
  modeChanged: { type: 'modeChanged' },
  closed: { type: 'closed', link: 1, code: closedCode.notNow, reason: 'Busy. (not-now)', afterMs: 1 },
  dismissed: {
    type: 'dismissed',
    code: goodbyeCode.draining,
    comeBack: comeBack.later,
    afterMs: 0,
    reason: 'The relay is being stopped. (draining)',
  },
  woken: { type: 'woken' },
  lost: { type: 'lost' },
}

const phases = Object.keys(reach) as SessionPhase[]
const types = Object.keys(inputs) as SessionInput['type'][]

describe.each(phases)('[L1] while %s', (phase) => {
  test('[L1] is a phase that a socket gets into', () => {
    expect(reach[phase]().machine.phase).toBe(phase)
  })

  const typesThat = (meaning: string) => types.filter((type) => meanings[phase][type] === meaning)

  test.each(types)('[S1] after %s no room has heard of a link before the replica is known', (type) => {
    if (phase === 'open' || phase === 'ended' || meanings[phase][type] === 'fault') return
    const effects = reach[phase]().tell(inputs[type])
    if (type !== 'replicaChecked') expect(effects.map((effect) => effect.type)).not.toContain('happened')
  })

  const taken = typesThat('take')
  if (taken.length > 0)
    test.each(taken)('[L1] %s is taken, and does no harm', (type) => {
      const session = reach[phase]()
      expect(() => session.tell(inputs[type])).not.toThrow()
      expect(session.tell({ type: 'lost' }).every((effect) => effect.type === 'happened')).toBe(true)
    })

  const kept = typesThat('keep')
  if (kept.length > 0)
    test.each(kept)('[B1] %s waits, and is answered when the socket is open', (type) => {
      const session = reach[phase]()
      expect(session.tell(inputs[type])).toEqual([])
      if (phase === 'checkingToken') session.tell({ type: 'tokenChecked', grant })
      expect(session.tell({ type: 'replicaChecked', isItsOwn: true }).at(-1)).toMatchObject({
        message: { type: 'pong', nonce: 5 },
      })
    })

  const passed = typesThat('pass')
  if (passed.length > 0)
    test.each(passed)('[L1] %s means nothing', (type) => {
      const session = reach[phase]()
      expect(session.tell(inputs[type])).toEqual([])
      expect(session.machine.phase).toBe(phase)
    })

  const faults = typesThat('fault')
  if (faults.length > 0)
    test.each(faults)('[L1] %s is nothing that a peer or the world can bring about', (type) => {
      expect(() => reach[phase]().tell(inputs[type])).toThrow(
        `A session that is ${phase} was told «${type}».`,
      )
    })
})

test('[B1] what is opened on a socket that takes no more is told so, until it takes more', () => {
  const session = reach.open()
  session.tell({ type: 'filled' })
  const another = { ...opening, link: 2, document: 'other' }
  expect(session.tell({ type: 'received', message: another })).toMatchObject([
    { type: 'happened', document: 'other', input: { type: 'joined' } },
    { type: 'happened', document: 'other', input: { type: 'filled' } },
  ])
  const changes = { type: 'changes', cursor: new Uint8Array(), follow: false } as const
  expect(session.tell({ type: 'received', message: changes })).toMatchObject([
    { type: 'workspace', input: { type: 'changesAsked' } },
    { type: 'workspace', input: { type: 'filled' } },
  ])
  session.tell({ type: 'drained' })
  expect(session.tell({ type: 'received', message: { ...another, link: 3 } })).toMatchObject([
    { type: 'happened', input: { type: 'joined' } },
  ])
})
