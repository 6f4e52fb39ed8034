// data-check.ts — whether a store is what the relay wrote: every record can be read, every chain of rows is whole, every
// document can be put together by Yjs. Knows: all records, Yjs. Must not know: commands, where the store comes from.
import * as Y from 'yjs'
import { documentStage } from '../shared/document-state.ts'
import type { DocumentState } from '../shared/document-state.ts'
import { equalBytes } from '../shared/equal-bytes.ts'
import { LogState } from '../shared/log-state.ts'
import { ProtocolError } from '../shared/protocol-error.ts'
import { changeKey, decodeKey, documentKey, formatKey } from '../shared/record-keys.ts'
import type { DocumentPlace, HistoryPlace, RecordKey } from '../shared/record-keys.ts'
import {
  decodeAnswer,
  decodeBranch,
  decodeChange,
  decodeClaims,
  decodeDocument,
  decodeFormat,
  decodeHead,
  decodeLogState,
  decodeOwner,
  decodePiece,
  decodeRevoked,
  decodeRow,
  decodeSecretKey,
  diskFormatVersion,
} from '../shared/relay-records.ts'
import { RelayStore } from '../shared/relay-store.ts'
import { StoreError } from '../shared/store.ts'
import { unreachable } from '../shared/unreachable.ts'
import { readUpdate } from '../shared/update-reader.ts'
import type { LevelStore } from './level-store.ts'
import { RelayError } from './relay-error.ts'
import { EntryTally } from './store-copy.ts'
import type { Summary } from './store-copy.ts'

export type CheckedDocument = DocumentPlace & {
  readonly state: 'whole' | 'damaged' | 'purged'
  readonly last: number
  readonly updates: number
  readonly bytes: number
  readonly problems: readonly string[]
}

export type Check = {
  readonly documents: readonly CheckedDocument[]
  readonly tenants: number
  readonly summary: Summary
  /** What is wrong and belongs to no document. */
  readonly problems: readonly string[]
  /** What names are hidden with in the journal; undefined where the key is lost. */
  readonly key: Uint8Array | undefined
}

/** What one look at every record finds. */
type Survey = {
  readonly documents: Map<string, DocumentPlace & { readonly state: DocumentState }>
  readonly heads: Map<string, number>
  /** Histories that have rows or pieces. */
  readonly histories: Map<string, HistoryPlace>
  /** Histories that are known to be no more. */
  readonly ended: Set<string>
  readonly problems: string[]
  key: Uint8Array | undefined
  summary: Summary
}

export async function checkData(store: LevelStore, whenSkipped: (reason: string) => void): Promise<Check> {
  await assertFormatOfToday(store)
  const survey = await surveyOf(store, whenSkipped)
  const { problems } = survey
  const documents: CheckedDocument[] = []
  const records = new RelayStore(store, 'synced')
  for (const place of survey.documents.values()) {
    const head = survey.heads.get(place.tenant) ?? 0
    documents.push(await checkDocument(store, records, place, head))
  }
  for (const [name, history] of survey.histories) {
    const known = survey.documents.get(nameOf(history))
    const isCurrent = known !== undefined && equalBytes(known.state.epoch, history.epoch)
    if (isCurrent || survey.ended.has(name)) continue
    problems.push(`There are rows of «${history.document}» that no record of the document knows of.`)
  }
  const { summary, key } = survey
  return { documents, tenants: survey.heads.size, summary, problems, key }
}

/** Records of an older one say the same in other bytes. */
async function assertFormatOfToday(store: LevelStore): Promise<void> {
  const format = await store.get(formatKey())
  const version = format === undefined ? diskFormatVersion : decodeFormat(format)
  if (version === diskFormatVersion) return
  const todo =
    version < diskFormatVersion
      ? 'Start the relay on it once, or on what is restored of it: that brings it to this version’s.'
      : 'It is of a newer version of this program; take that one.'
  throw new RelayError(
    'other-format',
    `It has disk format ${version}, and this version checks ${diskFormatVersion}. ${todo}`,
  )
}

async function surveyOf(store: LevelStore, whenSkipped: (reason: string) => void): Promise<Survey> {
  const survey: Survey = {
    documents: new Map(),
    heads: new Map(),
    histories: new Map(),
    ended: new Set(),
    problems: [],
    key: undefined,
    summary: { entries: 0, bytes: 0, sha256: '' },
  }
  const tally = new EntryTally()
  for await (const page of store.everything(whenSkipped)) {
    for (const { key, value } of page) {
      tally.add(key, value)
      try {
        note(survey, decodeKey(key), value)
      } catch (error) {
        if (!(error instanceof StoreError)) throw error
        survey.problems.push(`${error.message} (key ${hexOf(key)})`)
      }
    }
  }
  survey.summary = tally.summary
  if (survey.key === undefined && survey.documents.size > 0)
    survey.problems.push('The key that cursors are made with is missing.')
  return survey
}

/** Reads the record; one that cannot be read throws. */
function note(survey: Survey, place: RecordKey, value: Uint8Array): void {
  switch (place.type) {
    case 'format':
      decodeFormat(value)
      return
    case 'secretKey':
      survey.key = decodeSecretKey(value)
      return
    case 'head':
      survey.heads.set(place.tenant, decodeHead(value))
      return
    case 'branch':
      decodeBranch(value)
      return
    case 'document':
      survey.documents.set(nameOf(place), { ...place, state: decodeDocument(value) })
      return
    case 'row':
      decodeRow(value)
      survey.histories.set(historyNameOf(place), place)
      return
    case 'piece':
      decodePiece(value)
      survey.histories.set(historyNameOf(place), place)
      return
    case 'change':
      decodeChange(value)
      return
    case 'answer':
      decodeAnswer(value)
      return
    case 'owner':
      decodeOwner(value)
      return
    case 'cleanUp':
      survey.ended.add(historyNameOf(place))
      return
    case 'claims':
      decodeClaims(value)
      return
    case 'logState':
      decodeLogState(value)
      return
    case 'quarantined':
      survey.problems.push(`A record was set aside because it could not be read (key ${hexOf(place.key)}).`)
      return
    case 'migration':
      survey.problems.push(
        'It is being rewritten in a newer format; the next start of the relay goes on with that.',
      )
      return
    case 'revokedSubject':
    case 'revokedToken':
    case 'revokedBefore':
      decodeRevoked(value)
      return
    case 'told':
      decodeHead(value)
      return
    case 'probe':
      return
    default:
      unreachable(place)
  }
}

async function checkDocument(
  store: LevelStore,
  records: RelayStore,
  place: DocumentPlace & { readonly state: DocumentState },
  head: number,
): Promise<CheckedDocument> {
  const { tenant, document, state } = place
  const problems: string[] = []
  let updates = 0
  let bytes = 0
  if (state.last > head)
    problems.push(`Its last position is ${state.last}, and its tenant’s log ends at ${head}.`)
  const change = await store.get(changeKey(tenant, state.last))
  if (state.last > 0 && (change === undefined || decodeChange(change).document !== document))
    problems.push('The index of changes does not lead to it.')
  if (state.stage === documentStage.live) {
    try {
      const loaded = await records.readDocument({ tenant, document })
      if (loaded.hasHole) problems.push('Rows are missing: its replicas will be asked for what they have.')
      const all = [...loaded.snapshot.pieces, ...loaded.rows.map(({ update }) => update)]
      updates = all.length
      for (const update of all) bytes += update.length
      problems.push(...replayProblems(all))
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      problems.push(error.message)
    }
  }
  const isPurged = state.stage === documentStage.purged
  const verdict = problems.length > 0 ? 'damaged' : isPurged ? 'purged' : 'whole'
  return { tenant, document, state: verdict, last: state.last, updates, bytes, problems }
}

/** What the relay reads an update for, and what Yjs makes of all of them. */
function replayProblems(updates: readonly Uint8Array[]): string[] {
  const problems: string[] = []
  const log = new LogState()
  const doc = new Y.Doc()
  for (const [index, update] of updates.entries()) {
    try {
      const facts = readUpdate(update)
      if (log.gapOf(facts) === undefined) log.add(facts)
      else problems.push(`Update ${index + 1} of ${updates.length} builds on what is not there.`)
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      problems.push(`Update ${index + 1} of ${updates.length} cannot be read: ${error.message}`)
    }
  }
  try {
    Y.transact(doc, () => {
      for (const update of updates) Y.applyUpdate(doc, update)
    })
    if (doc.store.pendingStructs !== null || doc.store.pendingDs !== null)
      problems.push('Yjs waits for something that is not there.')
    else if (!equalBytes(Y.encodeStateVector(doc), log.stateVector()))
      problems.push('Yjs finds other clocks than the relay.')
  } catch (error) {
    problems.push(`Yjs cannot put it together: ${error instanceof Error ? error.message : String(error)}`)
  }
  doc.destroy()
  return problems
}

function hexOf(key: Uint8Array): string {
  return Buffer.from(key).toString('hex').slice(0, 80)
}

function nameOf({ tenant, document }: DocumentPlace): string {
  return Buffer.from(documentKey({ tenant, document })).toString('latin1')
}

function historyNameOf({ tenant, document, epoch }: HistoryPlace): string {
  return `${nameOf({ tenant, document })}${Buffer.from(epoch).toString('latin1')}`
}
