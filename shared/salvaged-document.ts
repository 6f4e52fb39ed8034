// salvaged-document.ts — the record of a document put together again from what lies under its keys, when the record itself
// is lost. Knows: that positions only grow, so the newest history is the document's. Must not know: how it was lost. Of
// such a document every replica is asked for what it has: only its last position is served.
import { newDocument } from './document-state.ts'
import type { DocumentState } from './document-state.ts'
import { equalBytes } from './equal-bytes.ts'
import { pageEntriesMax } from './limits.ts'
import { keyAfter } from './key-bytes.ts'
import { changeRange, decodeKey, historyRanges } from './record-keys.ts'
import type { DocumentPlace, RecordKey } from './record-keys.ts'
import { decodeChange } from './relay-records.ts'
import { StoreError } from './store.ts'
import type { KeyRange, Store } from './store.ts'

/** Undefined: nothing lies there, and nothing ever did. */
export async function salvagedDocument(
  store: Store,
  place: DocumentPlace,
): Promise<DocumentState | undefined> {
  const said = await changeOf(store, place)
  const lies = await newestHistory(store, place)
  if (said === undefined) return lies
  // What lies under another epoch is of a history that ended.
  if (lies === undefined || !equalBytes(lies.epoch, said.epoch)) return said
  const last = Math.max(lies.last, said.last)
  return { ...lies, stage: said.stage, servedFrom: last, last }
}

/** What the index of changes says. */
async function changeOf(
  store: Store,
  { tenant, document }: DocumentPlace,
): Promise<DocumentState | undefined> {
  for await (const { key, value } of entriesOf(store, changeRange(tenant, 0))) {
    const place = readKey(key)
    const change = place?.type === 'change' ? readChange(value) : undefined
    if (place?.type !== 'change' || change?.document !== document) continue
    const { epoch, stage } = change
    return { epoch, stage, foldedThrough: 0, servedFrom: place.last, last: place.last }
  }
  return undefined
}

async function newestHistory(store: Store, place: DocumentPlace): Promise<DocumentState | undefined> {
  const histories: DocumentState[] = []
  for (const range of historyRanges(place)) {
    for await (const { key } of entriesOf(store, range)) {
      const found = readKey(key)
      if (found?.type !== 'row' && found?.type !== 'piece') continue
      const known = histories.findIndex(({ epoch }) => equalBytes(epoch, found.epoch))
      const history = histories[known] ?? { ...newDocument, epoch: found.epoch }
      const last = Math.max(history.last, found.type === 'row' ? found.position : found.through)
      const foldedThrough = Math.max(history.foldedThrough, found.type === 'piece' ? found.through : 0)
      histories[known === -1 ? histories.length : known] = {
        ...history,
        foldedThrough,
        servedFrom: last,
        last,
      }
    }
  }
  return histories.toSorted((a, b) => b.last - a.last)[0]
}

async function* entriesOf(store: Store, range: KeyRange) {
  for (let { from } = range; ;) {
    const page = await store.range({ from, to: range.to, limit: pageEntriesMax })
    yield* page
    const last = page.at(-1)
    if (last === undefined || page.length < pageEntriesMax) return
    from = keyAfter(last.key)
  }
}

function readKey(key: Uint8Array): RecordKey | undefined {
  return readOrNothing(() => decodeKey(key))
}

function readChange(value: Uint8Array): ReturnType<typeof decodeChange> | undefined {
  return readOrNothing(() => decodeChange(value))
}

/** What is damaged too says nothing. */
function readOrNothing<Value>(read: () => Value): Value | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof StoreError && error.code === 'damaged') return undefined
    throw error
  }
}
