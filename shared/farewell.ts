// farewell.ts — why the relay ends a native socket, in which words, and whether its client may come back. Every sentence ends
// in the word by which it is counted. Must not know: when which of them is due.
import { linksMax } from './limits.ts'
import { comeBack, goodbyeCode, wireVersion } from './message.ts'
import type { Message, MessageOf } from './message.ts'
import type { ProtocolError } from './protocol-error.ts'
import type { Refusal } from './session-words.ts'

export type Farewell = Omit<MessageOf<'goodbye'>, 'type'>

const { no, later, withToken, withVersion } = comeBack

export const otherVersion: Farewell = {
  code: goodbyeCode.version,
  comeBack: withVersion,
  afterMs: 0,
  reason: `This relay speaks version ${wireVersion} of syncline. Update your client. (version)`,
}

export const replicaTaken: Farewell = {
  code: goodbyeCode.replicaTaken,
  comeBack: later,
  afterMs: 0,
  reason: 'This replica id is somebody else\u2019s. Come back with a new one. (replica-taken)',
}

export const otherSubject: Farewell = {
  code: goodbyeCode.otherSubject,
  comeBack: no,
  afterMs: 0,
  reason:
    'This token is of somebody else than the one before it. Leave, and come in anew with it. (other-subject)',
}

export const silent: Farewell = {
  code: goodbyeCode.silent,
  comeBack: later,
  afterMs: 0,
  reason: 'Nothing was heard of you. Come back; nothing is lost. (silent)',
}

export const tokenExpired: Farewell = {
  code: goodbyeCode.unauthenticated,
  comeBack: withToken,
  afterMs: 0,
  reason: 'Your token has expired. Sign in again. (token-expired)',
}

export const tooManyLinks: Farewell = {
  code: goodbyeCode.tooMuch,
  comeBack: later,
  afterMs: 0,
  reason: `This socket has ${linksMax} links, and may have no more. Close some documents. (too-many-links)`,
}

export function tooMuchWaits(answerTo: 'hello' | 'open'): Farewell {
  const reason = `More waits for the answer to «${answerTo}» than may. Come back, and ask for less at a time. (too-much-waits)`
  return { code: goodbyeCode.tooMuch, comeBack: later, afterMs: 0, reason }
}

/** Whoever says it once would say it again. */
export function malformed({ code, message }: ProtocolError): Farewell {
  return {
    code: goodbyeCode.malformed,
    comeBack: no,
    afterMs: 0,
    reason: `What you sent cannot be read. Update your client. ${message} (${code})`,
  }
}

export function outOfOrder({ type }: Message): Farewell {
  const reason = `The message «${type}» has no place here. Update your client. (out-of-order)`
  return { code: goodbyeCode.outOfOrder, comeBack: no, afterMs: 0, reason }
}

export function tokenRefused({ reason, isPassing }: Refusal): Farewell {
  return isPassing
    ? { code: goodbyeCode.failing, comeBack: later, afterMs: 0, reason }
    : { code: goodbyeCode.unauthenticated, comeBack: withToken, afterMs: 0, reason }
}
