// message-reader.ts — the body of each message, PROTOCOL §2, from bytes to the object; message-writer.ts is the other
// half. Knows: order and bounds of the fields. Must not know: frames; who may say what, and when.
//
// Any bytes give a message or a ProtocolError [W1]. Bytes are views of what was read and keep all of it in memory:
// whoever keeps some beyond the turn copies them.

import type { ByteCursor } from './byte-cursor.ts'
import {
  counterMax,
  counterTooLarge,
  readBits,
  readBytes,
  readCount,
  readCounter,
  readFlag,
  readText,
  readWord,
  takeBytes,
  tooManyEntries,
} from './message-fields.ts'
import {
  ackRangeCountersMax,
  answersMax,
  changedDocumentsMax,
  deliveryUpdatesMax,
  documentNameBytesMax,
  helloVersionsMax,
  messageBytesMax,
  presenceEntriesMax,
  presenceStateBytesMax,
  pushEntriesMax,
  reasonBytesMax,
  sealBytesMax,
  secretBytesMax,
  secretBytesMin,
  stateVectorBytesMax,
  subjectBytesMax,
  tenantBytesMax,
  tokenBytesMax,
  traceBytesMax,
  updateBytesMin,
  workspaceCursorBytesMax,
} from './limits.ts'
import {
  type Ack,
  capabilityBits,
  type Changed,
  type ChangedDocument,
  type Closed,
  closedCode,
  comeBack,
  type CounterRange,
  type Delivery,
  digestBytes,
  durability,
  entryKind,
  type Filed,
  type FiledEntry,
  type Fragment,
  type Goodbye,
  goodbyeCode,
  hashBytes,
  type Hello,
  idBytes,
  type Knowledge,
  knowledgeKind,
  type MessageOf,
  type MessageType,
  type Open,
  type Opened,
  type Plan,
  planKind,
  planReason,
  type Presence,
  type PresenceEntry,
  type Push,
  type PushEntry,
  type Refusal,
  refusedCode,
  type Refused,
  relayMode,
  rightBits,
  type SaidByBoth,
  type SaidByRelay,
  type SaidByReplica,
  trafficClassBits,
  verdict,
  wantBits,
  type Welcome,
} from './message.ts'
import { ProtocolError } from './protocol-error.ts'

const comeBacks = Object.values(comeBack)
const goodbyeCodes = Object.values(goodbyeCode)
const closedCodes = Object.values(closedCode)
const refusedCodes = Object.values(refusedCode)
const durabilities = Object.values(durability)
const relayModes = Object.values(relayMode)
const entryKinds = Object.values(entryKind)
const verdicts = Object.values(verdict)
const knowledgeKinds = Object.values(knowledgeKind)
const planKinds = Object.values(planKind)
const planReasons = Object.values(planReason)

/** The least bytes that an entry can have, to see that a count cannot be true. */
const pushEntryBytesMin = 1 + hashBytes + 1 + 1 + updateBytesMin
const refusalBytesMin = 1 + hashBytes + 1 + 1
const filedEntryBytesMin = 1 + hashBytes
const counterRangeBytesMin = 1 + 1
const presenceEntryBytesMin = 1 + 1 + 1
const changedDocumentBytesMin = 1 + idBytes + 1 + 1

/** Under the name of each message what reads its body. Fields are read in the order they stand there. */
type BodyReaders<Type extends MessageType> = {
  readonly [One in Type]: (body: ByteCursor) => MessageOf<One>
}

export const saidByBoth: BodyReaders<SaidByBoth> = {
  ping: (body) => ({ type: 'ping', nonce: body.readVarUint() }),
  pong: (body) => ({ type: 'pong', nonce: body.readVarUint(), time: body.readVarUint() }),
  goodbye: readGoodbye,
  fragment: readFragment,
  presence: readPresence,
}

export const saidByRelay: BodyReaders<SaidByRelay> = {
  welcome: readWelcome,
  authenticated: (body) => ({
    type: 'authenticated',
    tenant: readText(body, tenantBytesMax),
    subject: readText(body, subjectBytesMax),
    expiresInMs: body.readVarUint(),
    rightsVersion: body.readVarUint(),
  }),
  authExpiring: (body) => ({ type: 'authExpiring', inMs: body.readVarUint() }),
  mode: (body) => ({
    type: 'mode',
    mode: readWord(body, relayModes),
    classes: readBits(body, trafficClassBits),
    afterMs: body.readVarUint(),
  }),
  opened: readOpened,
  piece: (body) => ({
    type: 'piece',
    room: body.readVarUint(),
    update: readUpdateBytes(body),
  }),
  delivery: readDelivery,
  caughtUp: (body) => ({
    type: 'caughtUp',
    room: body.readVarUint(),
    through: body.readVarUint(),
  }),
  ack: readAck,
  refused: readRefused,
  missing: (body) => ({
    type: 'missing',
    room: body.readVarUint(),
    stateVector: readBytes(body, stateVectorBytesMax),
  }),
  compared: (body) => ({
    type: 'compared',
    room: body.readVarUint(),
    position: body.readVarUint(),
    verdict: readWord(body, verdicts),
  }),
  closed: readClosed,
  rights: (body) => ({
    type: 'rights',
    room: body.readVarUint(),
    rights: readBits(body, rightBits),
  }),
  changed: readChanged,
}

export const saidByReplica: BodyReaders<SaidByReplica> = {
  hello: readHello,
  authenticate: (body) => ({ type: 'authenticate', token: readText(body, tokenBytesMax) }),
  open: readOpen,
  known: (body) => ({
    type: 'known',
    link: body.readVarUint(),
    stateVector: readBytes(body, stateVectorBytesMax),
  }),
  push: readPush,
  filed: readFiled,
  digest: (body) => ({
    type: 'digest',
    link: body.readVarUint(),
    position: body.readVarUint(),
    digest: takeBytes(body, digestBytes),
  }),
  leave: (body) => ({ type: 'leave', link: body.readVarUint() }),
  changes: (body) => ({
    type: 'changes',
    cursor: readBytes(body, workspaceCursorBytesMax),
    follow: readFlag(body),
  }),
}

/** What it says is not read here; but many that can say nothing would cost far more than their bytes. */
function readUpdateBytes(body: ByteCursor): Uint8Array {
  const update = readBytes(body, messageBytesMax)
  if (update.length < updateBytesMin) {
    throw new ProtocolError('too-short', `An update has at least ${updateBytesMin} bytes.`)
  }
  return update
}

function readHello(body: ByteCursor): Hello {
  const versions: number[] = []
  for (let left = readCount(body, helloVersionsMax, 1); left > 0; left--) versions.push(body.readVarUint())
  const capabilities = readBits(body, capabilityBits)
  const replica = takeBytes(body, idBytes)
  const secret = readBytes(body, secretBytesMax)
  if (secret.length < secretBytesMin) {
    throw new ProtocolError('too-short', `A secret has at least ${secretBytesMin} bytes.`)
  }
  return { type: 'hello', versions, capabilities, replica, secret, trace: readText(body, traceBytesMax) }
}

function readWelcome(body: ByteCursor): Welcome {
  return {
    type: 'welcome',
    version: body.readVarUint(),
    capabilities: readBits(body, capabilityBits),
    time: body.readVarUint(),
    durability: readWord(body, durabilities),
    silenceMs: body.readVarUint(),
    entryBytesMax: body.readVarUint(),
  }
}

function readGoodbye(body: ByteCursor): Goodbye {
  return {
    type: 'goodbye',
    code: readWord(body, goodbyeCodes),
    comeBack: readWord(body, comeBacks),
    afterMs: body.readVarUint(),
    reason: readText(body, reasonBytesMax),
  }
}

function readFragment(body: ByteCursor): Fragment {
  const last = readFlag(body)
  const bytes = readBytes(body, messageBytesMax)
  // Else a peer could send for ever and never come nearer to an end.
  if (bytes.length === 0) throw new ProtocolError('bad-fragment', 'A fragment is empty.')
  return { type: 'fragment', last, bytes }
}

function readOpen(body: ByteCursor): Open {
  return {
    type: 'open',
    link: body.readVarUint(),
    document: readText(body, documentNameBytesMax),
    wants: readBits(body, wantBits),
    knowledge: readKnowledge(body),
  }
}

function readKnowledge(body: ByteCursor): Knowledge {
  const kind = readWord(body, knowledgeKinds)
  if (kind === knowledgeKind.nothing) return { kind }
  const epoch = takeBytes(body, idBytes)
  if (kind === knowledgeKind.cursor) {
    const seal = readBytes(body, sealBytesMax)
    return { kind, epoch, seal, position: body.readVarUint() }
  }
  if (kind === knowledgeKind.content) {
    return { kind, epoch, stateVector: readBytes(body, stateVectorBytesMax) }
  }
  return { kind, epoch }
}

function readOpened(body: ByteCursor): Opened {
  return {
    type: 'opened',
    link: body.readVarUint(),
    room: body.readVarUint(),
    rights: readBits(body, rightBits),
    epoch: takeBytes(body, idBytes),
    head: body.readVarUint(),
    seal: readBytes(body, sealBytesMax),
    plan: readPlan(body),
  }
}

function readPlan(body: ByteCursor): Plan {
  const kind = readWord(body, planKinds)
  if (kind === planKind.atHead || kind === planKind.tail) return { kind }
  const reason = readWord(body, planReasons)
  if (kind === planKind.whole) return { kind, reason }
  return { kind, reason, stateVector: readBytes(body, stateVectorBytesMax) }
}

function readDelivery(body: ByteCursor): Delivery {
  const room = body.readVarUint()
  const after = body.readVarUint()
  const through = body.readVarUint()
  const updates: Uint8Array[] = []
  for (let left = readCount(body, deliveryUpdatesMax, 1 + updateBytesMin); left > 0; left--) {
    updates.push(readUpdateBytes(body))
  }
  return { type: 'delivery', room, after, through, updates }
}

function readPush(body: ByteCursor): Push {
  const link = body.readVarUint()
  const entries: PushEntry[] = []
  for (let left = readCount(body, pushEntriesMax, pushEntryBytesMin); left > 0; left--) {
    const counter = readCounter(body)
    const hash = takeBytes(body, hashBytes)
    const kind = readWord(body, entryKinds)
    entries.push({ counter, hash, kind, update: readUpdateBytes(body) })
  }
  return { type: 'push', link, entries }
}

function readAck(body: ByteCursor): Ack {
  const room = body.readVarUint()
  const ranges: CounterRange[] = []
  for (let left = readCount(body, answersMax, counterRangeBytesMin); left > 0; left--) {
    const from = body.readVarUint()
    const count = body.readVarUint()
    if (count < 1) throw new ProtocolError('empty-run', 'A range of an ack holds no counter.')
    if (count > ackRangeCountersMax) throw tooManyEntries(count, ackRangeCountersMax)
    if (from + count - 1 > counterMax) throw counterTooLarge()
    ranges.push({ from, count })
  }
  return { type: 'ack', room, ranges }
}

function readRefused(body: ByteCursor): Refused {
  const room = body.readVarUint()
  const entries: Refusal[] = []
  for (let left = readCount(body, answersMax, refusalBytesMin); left > 0; left--) {
    const counter = readCounter(body)
    const hash = takeBytes(body, hashBytes)
    const code = readWord(body, refusedCodes)
    entries.push({ counter, hash, code, reason: readText(body, reasonBytesMax) })
  }
  return { type: 'refused', room, entries }
}

function readFiled(body: ByteCursor): Filed {
  const link = body.readVarUint()
  const entries: FiledEntry[] = []
  for (let left = readCount(body, answersMax, filedEntryBytesMin); left > 0; left--) {
    entries.push({ counter: readCounter(body), hash: takeBytes(body, hashBytes) })
  }
  return { type: 'filed', link, entries }
}

function readPresence(body: ByteCursor): Presence {
  const linkOrRoom = body.readVarUint()
  const entries: PresenceEntry[] = []
  for (let left = readCount(body, presenceEntriesMax, presenceEntryBytesMin); left > 0; left--) {
    const client = body.readVarUint()
    const clock = body.readVarUint()
    entries.push({ client, clock, state: readText(body, presenceStateBytesMax) })
  }
  return { type: 'presence', linkOrRoom, entries }
}

function readClosed(body: ByteCursor): Closed {
  return {
    type: 'closed',
    link: body.readVarUint(),
    code: readWord(body, closedCodes),
    comeBack: readWord(body, comeBacks),
    afterMs: body.readVarUint(),
    reason: readText(body, reasonBytesMax),
  }
}

function readChanged(body: ByteCursor): Changed {
  const full = readFlag(body)
  const more = readFlag(body)
  const documents: ChangedDocument[] = []
  for (let left = readCount(body, changedDocumentsMax, changedDocumentBytesMin); left > 0; left--) {
    documents.push({
      document: readText(body, documentNameBytesMax),
      epoch: takeBytes(body, idBytes),
      position: body.readVarUint(),
      rights: readBits(body, rightBits),
    })
  }
  return { type: 'changed', full, more, documents, cursor: readBytes(body, workspaceCursorBytesMax) }
}
