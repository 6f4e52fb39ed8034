// frame-line.ts — a frame of either wire in one line of a trace. Knows: the names of messages and what in them tells a
// story. Must not know: what anybody makes of them. Only told worlds pay for it.
import { createDecoder, readVarUint, readVarUint8Array } from 'lib0/decoding'
import * as Y from 'yjs'
import type { Knowledge, Message, Plan } from '../../shared/message.ts'
import { knowledgeKind, planKind, planReason } from '../../shared/message.ts'
import { ProtocolError } from '../../shared/protocol-error.ts'
import { decodeFrame } from '../../shared/wire.ts'

export function lineOfNative(frame: Uint8Array): string {
  try {
    return decodeFrame(frame).map(lineOf).join(' | ')
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    return `${frame.length} bytes that say nothing: ${error.message}`
  }
}

export function lineOfStock(frame: Uint8Array): string {
  const decoder = createDecoder(frame)
  if (readVarUint(decoder) !== 0) return 'awareness'
  const step = readVarUint(decoder)
  const body = readVarUint8Array(decoder)
  if (step === 0) return `step 1 ${lineOfStateVector(body)}`
  return `${step === 1 ? 'step 2' : 'update'} ${lineOfUpdate(body)}`
}

function lineOf(message: Message): string {
  switch (message.type) {
    case 'open':
      return `open link ${message.link} «${message.document}» ${lineOfKnowledge(message.knowledge)}`
    case 'opened':
      return `opened link ${message.link} room ${message.room} rights ${message.rights} head ${message.head} ${lineOfPlan(message.plan)}`
    case 'known':
    case 'missing':
      return `${message.type} ${lineOfStateVector(message.stateVector)}`
    case 'piece':
      return `piece ${lineOfUpdate(message.update)}`
    case 'delivery':
      return `delivery ${message.after}..${message.through} ${message.updates.map(lineOfUpdate).join(', ')}`
    case 'push':
      return `push ${message.entries.map(({ counter, kind, update }) => `#${counter}/${kind} ${lineOfUpdate(update)}`).join(', ')}`
    case 'ack':
      return `ack ${message.ranges.map(({ from, count }) => `#${from}+${count}`).join(' ')}`
    case 'refused':
      return `refused ${message.entries.map(({ counter, reason }) => `#${counter}: ${reason}`).join(' ')}`
    default:
      return JSON.stringify(message, (_key, value: unknown) => (value instanceof Uint8Array ? '…' : value))
  }
}

function lineOfKnowledge(knowledge: Knowledge): string {
  switch (knowledge.kind) {
    case knowledgeKind.nothing:
      return 'from nothing'
    case knowledgeKind.cursor:
      return `from ${knowledge.position}`
    case knowledgeKind.content:
      return `with ${lineOfStateVector(knowledge.stateVector)}`
    case knowledgeKind.doubt:
      return 'in doubt'
  }
}

function lineOfPlan(plan: Plan): string {
  const kind = nameOf(planKind, plan.kind)
  if (!('reason' in plan)) return kind
  const why = `${kind} (${nameOf(planReason, plan.reason)})`
  return 'stateVector' in plan ? `${why} ${lineOfStateVector(plan.stateVector)}` : why
}

function nameOf(words: Readonly<Record<string, number>>, word: number): string {
  return Object.keys(words).find((name) => words[name] === word) ?? String(word)
}

function lineOfStateVector(bytes: Uint8Array): string {
  const clocks = [...Y.decodeStateVector(bytes)].map(([client, clock]) => `${client}:${clock}`)
  return `{${clocks.join(' ')}}`
}

export function lineOfUpdate(update: Uint8Array): string {
  const { structs, ds } = Y.decodeUpdate(update)
  const runs = structs.map((struct) => {
    const { id, length } = struct
    const end = length === 1 ? '' : `-${id.clock + length - 1}`
    return `${id.client}:${id.clock}${end}${struct instanceof Y.Item ? '' : struct.constructor.name}`
  })
  const deletes = [...ds.clients].flatMap(([client, ranges]) =>
    ranges.map(({ clock, len }) => `-${client}:${clock}${len === 1 ? '' : `-${clock + len - 1}`}`),
  )
  return `[${[...runs, ...deletes].join(' ')}]`
}
