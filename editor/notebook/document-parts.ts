// document-parts.ts — where things lie in a document's Y.Doc, and which version of its schema this page writes.
import type * as Y from 'yjs'

/** Grows with each kind of node or mark that older pages do not know. */
export const schemaVersion = 1

export const proseField = 'prose'

export function proseOf(doc: Y.Doc): Y.XmlFragment {
  return doc.getXmlFragment(proseField)
}

export function metaOf(doc: Y.Doc): Y.Map<unknown> {
  return doc.getMap('meta')
}

export function reactionsOf(doc: Y.Doc): Y.Map<number> {
  return doc.getMap('reactions')
}

/** Older pages leave it alone. */
export function leftoversOf(doc: Y.Doc): Y.Map<unknown> {
  return doc.getMap('leftovers')
}

/** Whoever makes one writes at least a version. What has not come to this device looks like an empty one, and is none. */
export function hasCome(doc: Y.Doc): boolean {
  return metaOf(doc).has('schema') || proseOf(doc).length > 0
}
