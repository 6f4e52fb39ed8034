// storage.ts — y-indexeddb, with its failures told. It has no error event and its `whenSynced` may never settle,
// so this listens where the browser reports. Knows: one document's database. Must not know: the relay, the page.
import { IndexeddbPersistence } from 'y-indexeddb'
import type * as Y from 'yjs'
import { lostBy } from './texts.ts'

/**
 * Loads what the browser keeps of a document and from then on keeps every change. Rejects when it cannot;
 * `storageOnLost` is called when it no longer can.
 */
export function keepInBrowser(
  name: string,
  doc: Y.Doc,
  storageOnLost: (reason: string) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    // Both a database that does not open and one that cannot be read end in a rejection that y-indexeddb leaves
    // to nobody. Nothing else on this page has one while the database opens.
    function rejectionOnUnhandled(event: PromiseRejectionEvent): void {
      event.preventDefault()
      removeEventListener('unhandledrejection', rejectionOnUnhandled)
      end(persistence)
      reject(new Error(wordsOf(event.reason)))
    }
    addEventListener('unhandledrejection', rejectionOnUnhandled)

    const persistence = new IndexeddbPersistence(name, doc)
    persistence.once('synced', () => {
      removeEventListener('unhandledrejection', rejectionOnUnhandled)
      watch(persistence, storageOnLost)
      resolve()
    })
  })
}

/** Failed writes bubble from their request or transaction up to the database. */
function watch(persistence: IndexeddbPersistence, storageOnLost: (reason: string) => void): void {
  const database = persistence.db
  if (database === null) return
  let lost = false
  function databaseOnLost(event: Event): void {
    if (lost) return
    lost = true
    // With one row missing the later ones hang in the air, and into a closed database a write would throw.
    end(persistence)
    const failed = event.target
    const failedHow = failed instanceof IDBRequest || failed instanceof IDBTransaction ? failed.error : null
    storageOnLost(failedHow === null ? (lostBy[event.type] ?? event.type) : wordsOf(failedHow))
  }
  // `close` is the browser's doing; on `versionchange`, which means another tab deletes the database, lib0 closes.
  for (const type of ['error', 'abort', 'close', 'versionchange'])
    database.addEventListener(type, databaseOnLost)
}

function end(persistence: IndexeddbPersistence): void {
  // Where the database never opened this rejects too, with the reason that has been told already.
  persistence.destroy().catch(() => undefined)
}

function wordsOf(failure: unknown): string {
  return failure instanceof Error ? failure.message : String(failure)
}
