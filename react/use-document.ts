// use-document.ts — a document's Y.Doc, for a component and the bindings in it.
import type { Observable } from '../client/index.ts'
import type { DocumentView, SharedDocument } from './shared-document.ts'
import { useShared } from './use-shared.ts'

/**
 * Undefined until what this device keeps of it is there; no network is waited for. What it gives is another object only
 * when the document was rebuilt: then bindings attach anew, as an effect that depends on `doc` does by itself.
 *
 * @example
 * const note = useDocument('shopping')
 * if (note === undefined) return <p>One moment …</p>
 * return <Editor doc={note.doc} awareness={note.awareness} />
 */
export function useDocument(name: string): DocumentView | undefined {
  return useShared(name, viewOf, undefined)
}

function viewOf({ view }: SharedDocument): Observable<DocumentView | undefined> {
  return view
}
