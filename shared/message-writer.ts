// message-writer.ts — the body of each message, PROTOCOL §2, from the object to the bytes; message-reader.ts is the
// other half. Knows: order and bounds of the fields. Must not know: frames, and the number and length before a body.
//
// The bounds are the reader's: what is sent can be read. [W1]

import { type ByteSink, notEncodable } from './byte-writer.ts'
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
  type Closed,
  type Delivery,
  digestBytes,
  type Filed,
  type Fragment,
  type Goodbye,
  hashBytes,
  type Hello,
  idBytes,
  type Knowledge,
  knowledgeKind,
  type Message,
  type Open,
  type Opened,
  type Plan,
  planKind,
  type Presence,
  type Push,
  type Refused,
  type ReplicaMessage,
  rightBits,
  trafficClassBits,
  wantBits,
  type Welcome,
} from './message.ts'
import { counterMax } from './message-fields.ts'
import { unreachable } from './unreachable.ts'

/** Each message of the wire. */
export function writeBody(sink: ByteSink, message: Message): void {
  switch (message.type) {
    case 'delivery':
      return writeDelivery(sink, message)
    case 'ack':
      return writeAck(sink, message)
    case 'welcome':
      return writeWelcome(sink, message)
    case 'authenticated':
      sink.text(message.tenant, tenantBytesMax)
      sink.text(message.subject, subjectBytesMax)
      sink.varUint(message.expiresInMs)
      return sink.varUint(message.rightsVersion)
    case 'authExpiring':
      return sink.varUint(message.inMs)
    case 'mode':
      sink.varUint(message.mode)
      writeBits(sink, message.classes, trafficClassBits)
      return sink.varUint(message.afterMs)
    case 'opened':
      return writeOpened(sink, message)
    case 'piece':
      sink.varUint(message.room)
      return writeUpdateBytes(sink, message.update)
    case 'caughtUp':
      sink.varUint(message.room)
      return sink.varUint(message.through)
    case 'refused':
      return writeRefused(sink, message)
    case 'missing':
      sink.varUint(message.room)
      return sink.lengthAndBytes(message.stateVector, stateVectorBytesMax)
    case 'compared':
      sink.varUint(message.room)
      sink.varUint(message.position)
      return sink.varUint(message.verdict)
    case 'closed':
      sink.varUint(message.link)
      return writeEnd(sink, message)
    case 'rights':
      sink.varUint(message.room)
      return writeBits(sink, message.rights, rightBits)
    case 'changed':
      return writeChanged(sink, message)
    default:
      return writeReplicaBody(sink, message)
  }
}

/** What a replica says: a page needs no more. */
export function writeReplicaBody(sink: ByteSink, message: ReplicaMessage): void {
  switch (message.type) {
    case 'push':
      return writePush(sink, message)
    case 'presence':
      return writePresence(sink, message)
    case 'hello':
      return writeHello(sink, message)
    case 'authenticate':
      return sink.text(message.token, tokenBytesMax)
    case 'ping':
      return sink.varUint(message.nonce)
    case 'pong':
      sink.varUint(message.nonce)
      return sink.varUint(message.time)
    case 'goodbye':
      return writeEnd(sink, message)
    case 'fragment':
      return writeFragment(sink, message)
    case 'open':
      return writeOpen(sink, message)
    case 'known':
      sink.varUint(message.link)
      return sink.lengthAndBytes(message.stateVector, stateVectorBytesMax)
    case 'filed':
      return writeFiled(sink, message)
    case 'digest':
      sink.varUint(message.link)
      sink.varUint(message.position)
      return sink.fixedBytes(message.digest, digestBytes)
    case 'leave':
      return sink.varUint(message.link)
    case 'changes':
      sink.lengthAndBytes(message.cursor, workspaceCursorBytesMax)
      return writeFlag(sink, message.follow)
    default:
      return unreachable(message)
  }
}

function writeDelivery(sink: ByteSink, { room, after, through, updates }: Delivery): void {
  sink.varUint(room)
  sink.varUint(after)
  sink.varUint(through)
  writeCount(sink, updates.length, deliveryUpdatesMax)
  for (const update of updates) writeUpdateBytes(sink, update)
}

function writePresence(sink: ByteSink, { linkOrRoom, entries }: Presence): void {
  sink.varUint(linkOrRoom)
  writeCount(sink, entries.length, presenceEntriesMax)
  for (const { client, clock, state } of entries) {
    sink.varUint(client)
    sink.varUint(clock)
    sink.text(state, presenceStateBytesMax)
  }
}

export function writeFragment(sink: ByteSink, { last, bytes }: Fragment): void {
  if (bytes.length === 0) throw notEncodable('A fragment of nothing brings its message no nearer.')
  writeFlag(sink, last)
  sink.lengthAndBytes(bytes, messageBytesMax)
}

function writeOpen(sink: ByteSink, { link, document, wants, knowledge }: Open): void {
  sink.varUint(link)
  sink.text(document, documentNameBytesMax)
  writeBits(sink, wants, wantBits)
  writeKnowledge(sink, knowledge)
}

function writeFiled(sink: ByteSink, { link, entries }: Filed): void {
  sink.varUint(link)
  writeCount(sink, entries.length, answersMax)
  for (const { counter, hash } of entries) {
    writeCounter(sink, counter)
    sink.fixedBytes(hash, hashBytes)
  }
}

function writeHello(sink: ByteSink, hello: Hello): void {
  if (hello.secret.length < secretBytesMin) {
    throw notEncodable(`A secret has at least ${secretBytesMin} bytes, not ${hello.secret.length}.`)
  }
  writeCount(sink, hello.versions.length, helloVersionsMax)
  for (const version of hello.versions) sink.varUint(version)
  writeBits(sink, hello.capabilities, capabilityBits)
  sink.fixedBytes(hello.replica, idBytes)
  sink.lengthAndBytes(hello.secret, secretBytesMax)
  sink.text(hello.trace, traceBytesMax)
}

function writeWelcome(sink: ByteSink, welcome: Welcome): void {
  sink.varUint(welcome.version)
  writeBits(sink, welcome.capabilities, capabilityBits)
  sink.varUint(welcome.time)
  sink.varUint(welcome.durability)
  sink.varUint(welcome.silenceMs)
  sink.varUint(welcome.entryBytesMax)
}

function writeEnd(sink: ByteSink, end: Goodbye | Closed): void {
  sink.varUint(end.code)
  sink.varUint(end.comeBack)
  sink.varUint(end.afterMs)
  sink.text(end.reason, reasonBytesMax)
}

function writeKnowledge(sink: ByteSink, knowledge: Knowledge): void {
  sink.varUint(knowledge.kind)
  switch (knowledge.kind) {
    case knowledgeKind.nothing:
      return
    case knowledgeKind.cursor:
      sink.fixedBytes(knowledge.epoch, idBytes)
      sink.lengthAndBytes(knowledge.seal, sealBytesMax)
      return sink.varUint(knowledge.position)
    case knowledgeKind.content:
      sink.fixedBytes(knowledge.epoch, idBytes)
      return sink.lengthAndBytes(knowledge.stateVector, stateVectorBytesMax)
    case knowledgeKind.doubt:
      return sink.fixedBytes(knowledge.epoch, idBytes)
  }
}

function writeOpened(sink: ByteSink, opened: Opened): void {
  sink.varUint(opened.link)
  sink.varUint(opened.room)
  writeBits(sink, opened.rights, rightBits)
  sink.fixedBytes(opened.epoch, idBytes)
  sink.varUint(opened.head)
  sink.lengthAndBytes(opened.seal, sealBytesMax)
  writePlan(sink, opened.plan)
}

function writePlan(sink: ByteSink, plan: Plan): void {
  sink.varUint(plan.kind)
  switch (plan.kind) {
    case planKind.atHead:
    case planKind.tail:
      return
    case planKind.whole:
      return sink.varUint(plan.reason)
    case planKind.exchange:
      sink.varUint(plan.reason)
      return sink.lengthAndBytes(plan.stateVector, stateVectorBytesMax)
  }
}

function writePush(sink: ByteSink, push: Push): void {
  sink.varUint(push.link)
  writeCount(sink, push.entries.length, pushEntriesMax)
  for (const entry of push.entries) {
    writeCounter(sink, entry.counter)
    sink.fixedBytes(entry.hash, hashBytes)
    sink.varUint(entry.kind)
    writeUpdateBytes(sink, entry.update)
  }
}

function writeAck(sink: ByteSink, ack: Ack): void {
  sink.varUint(ack.room)
  writeCount(sink, ack.ranges.length, answersMax)
  for (const { from, count } of ack.ranges) {
    if (count < 1 || count > ackRangeCountersMax || from + count - 1 > counterMax) {
      throw notEncodable(`A range of ${count} counters from ${from}.`)
    }
    sink.varUint(from)
    sink.varUint(count)
  }
}

function writeRefused(sink: ByteSink, refused: Refused): void {
  sink.varUint(refused.room)
  writeCount(sink, refused.entries.length, answersMax)
  for (const refusal of refused.entries) {
    writeCounter(sink, refusal.counter)
    sink.fixedBytes(refusal.hash, hashBytes)
    sink.varUint(refusal.code)
    sink.text(refusal.reason, reasonBytesMax)
  }
}

function writeChanged(sink: ByteSink, changed: Changed): void {
  writeFlag(sink, changed.full)
  writeFlag(sink, changed.more)
  writeCount(sink, changed.documents.length, changedDocumentsMax)
  for (const document of changed.documents) {
    sink.text(document.document, documentNameBytesMax)
    sink.fixedBytes(document.epoch, idBytes)
    sink.varUint(document.position)
    writeBits(sink, document.rights, rightBits)
  }
  sink.lengthAndBytes(changed.cursor, workspaceCursorBytesMax)
}

function writeUpdateBytes(sink: ByteSink, update: Uint8Array): void {
  if (update.length < updateBytesMin) throw notEncodable(`An update of ${update.length} bytes.`)
  sink.lengthAndBytes(update, messageBytesMax)
}

function writeCounter(sink: ByteSink, counter: number): void {
  if (counter > counterMax) throw notEncodable(`A counter of ${counter}.`)
  sink.varUint(counter)
}

function writeCount(sink: ByteSink, count: number, countMax: number): void {
  if (count > countMax) throw notEncodable(`${count} entries where ${countMax} are allowed.`)
  sink.varUint(count)
}

function writeFlag(sink: ByteSink, flag: boolean): void {
  sink.varUint(flag ? 1 : 0)
}

/** A bit without a name would be gone at the reader: what is sent would not be what is read. */
function writeBits(sink: ByteSink, bits: number, known: number): void {
  if ((bits & known) !== bits) throw notEncodable(`Of the bits ${bits} only ${known} have a meaning.`)
  sink.varUint(bits)
}
