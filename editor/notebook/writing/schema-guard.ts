// schema-guard.ts — stands between a document and an editor that cannot hold all of it. The binding deletes from the shared
// document, for everybody, what its schema has not, or not in that place; of other things it dies. Knows: Yjs, and what the
// schema holds, as the binding asks it. Must not know: the editor.
import type { MarkType, Node, NodeType, Schema } from '@tiptap/pm/model'
import * as Y from 'yjs'
import { metaOf, proseOf, schemaVersion } from '../document-parts.ts'

/** `newer`: there is something that the schema does not name. `misplaced`: it names all of it, and not in that place. */
export type Unfit = 'newer' | 'misplaced'

/** Why no binding may have this document; undefined: it may. */
export function unfitIn(doc: Y.Doc, schema: Schema): Unfit | undefined {
  return isOfNewerVersion(doc) ? 'newer' : unfitAmong(proseOf(doc).toArray(), schema)
}

/** Calls back once, before any binding hears of the first thing that is unfit. */
export function guard(doc: Y.Doc, schema: Schema, unfitCame: (unfit: Unfit) => void): () => void {
  const look = (transaction: Y.Transaction): void => {
    if (transaction.local) return
    const unfit = isOfNewerVersion(doc) ? 'newer' : unfitAmong(touchedBlocks(doc, transaction), schema)
    if (unfit === undefined) return
    stop()
    unfitCame(unfit)
  }
  const stop = (): void => doc.off('beforeObserverCalls', look)
  doc.on('beforeObserverCalls', look)
  return stop
}

function isOfNewerVersion(doc: Y.Doc): boolean {
  const version = metaOf(doc).get('schema')
  return typeof version === 'number' && version > schemaVersion
}

/** Of those at the top, who changed, or has something changed in it; all of them, when one came or went. */
function touchedBlocks(doc: Y.Doc, { changed }: Y.Transaction): Iterable<unknown> {
  const prose = proseOf(doc)
  const blocks = new Set<unknown>()
  for (let type of changed.keys()) {
    if ((type as unknown) === prose) return prose.toArray()
    while (type.parent !== null && (type.parent as unknown) !== prose) type = type.parent
    if (type.parent !== null) blocks.add(type)
  }
  return blocks
}

/** As `unfitIn`, of some of those at the top. */
export function unfitAmong(blocks: Iterable<unknown>, schema: Schema): Unfit | undefined {
  const all = [...blocks]
  if (!all.every((block) => isKnown(block, schema))) return 'newer'
  try {
    // A line of text at the top is nothing to the binding.
    const areAtHome = all.every(
      (block) => !(block instanceof Y.XmlText) && nodesFrom(block, schema).every(isAtHomeAtTop),
    )
    return areAtHome ? undefined : 'misplaced'
  } catch (error) {
    if (error instanceof RangeError) return 'misplaced'
    throw error
  }
}

function isKnown(type: unknown, schema: Schema): boolean {
  if (type instanceof Y.XmlText)
    return partsOf(type).every(
      ({ insert, attributes = {} }) =>
        typeof insert === 'string' &&
        Object.entries(attributes).every(([key, value]) => hasAll(schema.marks[markNameOf(key)], value)),
    )
  return (
    type instanceof Y.XmlElement &&
    hasAll(schema.nodes[type.nodeName], type.getAttributes()) &&
    type.toArray().every((child: unknown) => isKnown(child, schema))
  )
}

/** Whether there is such a type, with attributes of these names. */
function hasAll(type: NodeType | MarkType | undefined, attributes: unknown): boolean {
  const known = type?.spec.attrs ?? {}
  return type !== undefined && Object.keys(recordFrom(attributes)).every((name) => Object.hasOwn(known, name))
}

function isAtHomeAtTop({ type }: Node): boolean {
  return type.schema.topNodeType.contentMatch.matchType(type) !== null
}

/** As the binding makes them; a RangeError where it would delete one. None of what has nothing in it: that may go. */
function nodesFrom(type: unknown, schema: Schema): readonly Node[] {
  if (type instanceof Y.XmlText)
    return partsOf(type).map(({ insert, attributes = {} }) => {
      const marks = Object.entries(attributes).map(([key, value]) =>
        schema.mark(markNameOf(key), recordFrom(value)),
      )
      return schema.text(String(insert), marks)
    })
  if (!(type instanceof Y.XmlElement)) return []
  const children = type.toArray().flatMap((child: unknown) => nodesFrom(child, schema))
  try {
    return [schema.node(type.nodeName, recordFrom(type.getAttributes()), children)]
  } catch (error) {
    if (error instanceof RangeError && children.length === 0) return []
    throw error
  }
}

function partsOf(text: Y.XmlText): readonly { readonly insert: unknown; readonly attributes?: object }[] {
  return text.toDelta()
}

function recordFrom(value: unknown): Record<string, unknown> {
  return { ...(typeof value === 'object' ? value : undefined) }
}

/** Marks that may overlap themselves are told apart by a hash behind their name. */
export function markNameOf(key: string): string {
  return key.replace(/--[a-zA-Z0-9+/=]{8}$/, '')
}
