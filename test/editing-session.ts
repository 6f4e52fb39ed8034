// editing-session.ts — a person's whole editing session as the Yjs updates it caused, one per keystroke. Knows:
// where recorded sessions may lie beside the project, and how people type when there are none: in bursts, mostly
// forwards, with every eighth key a deletion. Must not know: what the updates are used for. The same call gives
// the same bytes in every run.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'

import * as Y from 'yjs'

export type SessionName = 'automerge-paper' | 'rustcode' | 'sveltecomponent'

export interface EditingSession {
  /** Says in outputs what was replayed: a recorded session, or a generated one. */
  readonly source: string
  readonly updates: readonly Uint8Array[]
  readonly text: string
}

/** Position, number of deleted units, inserted text. */
type Patch = readonly [number, number, string]

interface Trace {
  readonly startContent: string
  readonly endContent: string
  readonly txns: readonly { readonly patches: readonly Patch[] }[]
}

/** As long as the recorded sessions, so that figures can be compared. */
const generatedLengths: Record<SessionName, number> = {
  'automerge-paper': 259_778,
  rustcode: 36_981,
  sveltecomponent: 18_335,
}

/** Who writes it, and where recorded sessions lie. */
export type SessionSource = { readonly clientId?: number; readonly traces?: string }

/** The first `limit` keystrokes of a session. */
export function editingSession(
  name: SessionName,
  limit: number = Number.POSITIVE_INFINITY,
  { clientId = 3_405_691_582, traces }: SessionSource = {},
): EditingSession {
  // Scripts, tests and benches all run with the project's root as working directory.
  const file = join(traces ?? join(process.cwd(), '..', 'shared', 'traces'), `${name}.json.gz`)
  if (!existsSync(file)) {
    const length = Math.min(limit, generatedLengths[name])
    return replay(generatedPatches(length), '', `generated in the shape of ${name}`, clientId)
  }
  const trace: Trace = JSON.parse(gunzipSync(readFileSync(file)).toString())
  const patches = trace.txns.slice(0, limit).map((transaction) => transaction.patches)
  const session = replay(patches, trace.startContent, `recorded: ${name}`, clientId)
  if (patches.length === trace.txns.length && session.text !== trace.endContent) {
    throw new Error(`The session ${name} does not end as it was recorded.`)
  }
  return session
}

function replay(
  transactions: readonly (readonly Patch[])[],
  startContent: string,
  source: string,
  clientId: number,
): EditingSession {
  const doc = new Y.Doc()
  doc.clientID = clientId
  const updates: Uint8Array[] = []
  doc.on('update', (update: Uint8Array) => updates.push(update))
  const text = doc.getText('text')
  if (startContent !== '') text.insert(0, startContent)
  for (const patches of transactions) {
    doc.transact(() => {
      for (const [position, deleted, inserted] of patches) {
        if (deleted > 0) text.delete(position, deleted)
        if (inserted !== '') text.insert(position, inserted)
      }
    })
  }
  return { source, updates, text: text.toJSON() }
}

/** A fixed sequence of numbers from 0 up to, not including, 1. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

function generatedPatches(length: number): Patch[][] {
  const random = seededRandom(20_260_101)
  const letters = 'eeeetttaaaooiinnsshhrrdlucmfwypvbgk     .,\n'
  const transactions: Patch[][] = []
  let textLength = 0
  let cursor = 0
  let burst = 0
  while (transactions.length < length) {
    if (burst === 0) {
      burst = 1 + Math.floor(random() ** 3 * 200)
      // People mostly go on near the end of what they have.
      cursor = random() < 0.7 ? textLength : Math.floor(random() * (textLength + 1))
    }
    burst -= 1
    if (cursor > 0 && random() < 0.12) {
      cursor -= 1
      textLength -= 1
      transactions.push([[cursor, 1, '']])
    } else {
      transactions.push([[cursor, 0, letters.charAt(Math.floor(random() * letters.length))]])
      cursor += 1
      textLength += 1
    }
  }
  return transactions
}
