// schema-guard.ts — stands between a document and an editor that is older than it. The binding would delete what it does not
// know from the shared document, for everybody. Knows: Yjs, and which names there are. Must not know: the editor.
import type { Schema } from '@tiptap/pm/model'
import * as Y from 'yjs'
import { metaOf, schemaVersion } from '../document-parts.ts'

/** The name of something in it that this schema does not have, or that it is of a newer version; undefined: neither. */
export function unknownIn(doc: Y.Doc, schema: Schema): string | undefined {
  return newerVersionOf(doc) ?? unknownSince(doc, new Map(), schema)
}

/** Calls back once, before any binding hears of the first thing that the schema does not have. */
export function guard(doc: Y.Doc, schema: Schema, unknownCame: (name: string) => void): () => void {
  const look = (transaction: Y.Transaction): void => {
    if (transaction.local) return
    const unknown = newerVersionOf(doc) ?? unknownSince(doc, transaction.beforeState, schema)
    if (unknown === undefined) return
    stop()
    unknownCame(unknown)
  }
  const stop = (): void => doc.off('beforeObserverCalls', look)
  doc.on('beforeObserverCalls', look)
  return stop
}

function newerVersionOf(doc: Y.Doc): string | undefined {
  const version = metaOf(doc).get('schema')
  return typeof version === 'number' && version > schemaVersion ? `version ${version}` : undefined
}

function unknownSince(doc: Y.Doc, state: ReadonlyMap<number, number>, schema: Schema): string | undefined {
  for (const [client, structs] of doc.store.clients) {
    const before = state.get(client) ?? 0
    if (Y.getState(doc.store, client) <= before) continue
    for (let at = Y.findIndexSS(structs, before); at < structs.length; at += 1) {
      const unknown = unknownOf(structs[at], schema)
      if (unknown !== undefined) return unknown
    }
  }
  return undefined
}

function unknownOf(struct: Y.Item | Y.GC | Y.Skip | undefined, { nodes, marks }: Schema): string | undefined {
  if (!(struct instanceof Y.Item) || struct.deleted) return undefined
  const { content } = struct
  if (content instanceof Y.ContentFormat && content.value !== null) {
    const mark = markNameOf(content.key)
    return marks[mark] === undefined ? mark : undefined
  }
  if (content instanceof Y.ContentType && content.type instanceof Y.XmlElement) {
    const { nodeName } = content.type
    return nodes[nodeName] === undefined ? nodeName : undefined
  }
  return undefined
}

/** Marks that may overlap themselves are told apart by a hash behind their name. */
export function markNameOf(key: string): string {
  return key.replace(/--[a-zA-Z0-9+/=]{8}$/, '')
}
