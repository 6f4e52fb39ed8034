// append-visit.ts — one update brought to a document without a socket: what a push is to a replica, with one answer. It goes
// through the room as every other does, and is answered when it is durable. [D1] Must not know: HTTP.
import { closedCode, entryKind, knowledgeKind, refusedCode } from '../shared/message.ts'
import type { Message } from '../shared/message.ts'
import type { DocumentPlace } from '../shared/record-keys.ts'
import type { LinkId } from '../shared/room-words.ts'
import type { ConnectionHost, LinkOwner } from './host-connection.ts'

export type Appending = {
  readonly update: Uint8Array
  readonly mayWrite: boolean
  /** Only while this is the last position of the document; undefined: wherever it stands. */
  readonly onlyAt: number | undefined
  /** Somebody has to be its author, as far as rooms need one. */
  readonly replica: Uint8Array
  readonly answerMsMax: number
}

export type AppendOutcome =
  | { readonly is: 'durable' }
  | { readonly is: 'stale' }
  /** It builds on what the document does not have; this is what it has. */
  | { readonly is: 'gap'; readonly stateVector: Uint8Array }
  | {
      readonly is: 'refused'
      readonly why: 'read-only' | 'bad-update' | 'too-large' | 'gone' | 'not-now'
      readonly reason: string
    }
  /** The disk did not take it in time: it may yet be there. */
  | { readonly is: 'unanswered' }

const whyOf: Readonly<Record<number, (AppendOutcome & { is: 'refused' })['why']>> = {
  [refusedCode.readOnly]: 'read-only',
  [refusedCode.badUpdate]: 'bad-update',
  [refusedCode.foreignClient]: 'bad-update',
  [refusedCode.tooLarge]: 'too-large',
  [closedCode.forbidden]: 'read-only',
  [closedCode.gone]: 'gone',
  [closedCode.replaced]: 'gone',
  [closedCode.notNow]: 'not-now',
}

const notRead = {
  is: 'refused',
  why: 'not-now',
  reason: 'This document could not be read. Come back in a moment: nothing of it was taken.',
} as const satisfies AppendOutcome

const onlyEntry = { counter: 1, hash: new Uint8Array(16), kind: entryKind.repair } as const

export function append(
  host: ConnectionHost,
  { tenant, document }: DocumentPlace,
  { update, mayWrite, onlyAt, replica, answerMsMax }: Appending,
): Promise<AppendOutcome> {
  return new Promise((resolve) => {
    let link: LinkId | undefined
    const end = (outcome: AppendOutcome) => {
      if (link === undefined) return
      clearTimeout(timer)
      host.happened(tenant, document, { type: 'left', link, saidSo: true })
      host.forgetLink(link)
      link = undefined
      resolve(outcome)
    }
    let isPushed = false
    const endUnanswered = () => end(isPushed ? { is: 'unanswered' } : notRead)
    const timer = setTimeout(endUnanswered, answerMsMax)
    // Not before the document was read: what comes early has a bound of its own, and an update may be larger.
    const push = (pushing: LinkId) => {
      isPushed = true
      const entries = [{ ...onlyEntry, update }]
      host.happened(tenant, document, { type: 'pushed', link: pushing, entries, alone: { onlyAt } })
    }
    const owner: LinkOwner = {
      told: (opened, message) => {
        if (message.type === 'opened') return push(opened)
        const outcome = outcomeOf(message)
        if (outcome !== undefined) end(outcome)
        return undefined
      },
      echoed: () => undefined,
      closed: ({ code, reason }) => end(refused(code, reason)),
      stale: () => end({ is: 'stale' }),
      learnRights: () => Promise.resolve(),
      failed: endUnanswered,
    }
    link = host.nextLink(owner)
    host.happened(tenant, document, {
      type: 'joined',
      link,
      number: 0,
      wire: 'native',
      replica,
      mayWrite,
      wantsPresence: false,
      knowledge: { kind: knowledgeKind.nothing },
    })
    // It came to bring something: nothing is to be read for it.
    host.happened(tenant, document, { type: 'filled', link })
  })
}

function outcomeOf(message: Message): AppendOutcome | undefined {
  switch (message.type) {
    case 'ack':
      return { is: 'durable' }
    case 'missing':
      return { is: 'gap', stateVector: message.stateVector }
    case 'refused': {
      const [refusal] = message.entries
      return refusal && refused(refusal.code, refusal.reason)
    }
    default:
      return undefined
  }
}

function refused(code: number, reason: string): AppendOutcome {
  const why = whyOf[code]
  return why === undefined ? { is: 'unanswered' } : { is: 'refused', why, reason }
}
