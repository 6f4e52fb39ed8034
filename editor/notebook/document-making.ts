// document-making.ts — documents that begin: empty, with Markdown, or as a copy of another. The content is written before
// the list has it, so that nobody opens what is not there yet.
import type { SynclineDocument, Workspace } from 'syncline/client'
import * as Y from 'yjs'
import { addEntry, nameOf } from './document-list.ts'
import { hasCome, metaOf, proseOf, schemaVersion } from './document-parts.ts'
import { labels } from './texts.ts'

type Beginning = {
  readonly title: string
  readonly isWelcome?: boolean
  readonly fill?: (doc: Y.Doc) => void
}

/** Gives the id of the document. */
export async function makeDocument(
  workspace: Workspace,
  list: Y.Doc,
  { title, isWelcome = false, fill }: Beginning,
): Promise<string> {
  const id = newId()
  await withDocument(workspace, id, ({ doc }) => {
    doc.transact(() => {
      // What cannot be filled in is not begun.
      fill?.(doc)
      if (!metaOf(doc).has('schema')) metaOf(doc).set('schema', schemaVersion)
    })
  })
  addEntry(list, { id, title, now: Date.now(), isWelcome })
  return id
}

export async function makeFromMarkdown(
  workspace: Workspace,
  list: Y.Doc,
  { title, markdown, isWelcome = false }: { title: string; markdown: string; isWelcome?: boolean },
): Promise<string> {
  const { fillFromMarkdown } = await import('./writing/markdown.ts')
  return makeDocument(workspace, list, { title, isWelcome, fill: (doc) => fillFromMarkdown(doc, markdown) })
}

/** Node by node, so that what this page does not know is copied too. */
export function duplicate(workspace: Workspace, list: Y.Doc, id: string, title: string): Promise<string> {
  return withDocument(workspace, id, (original) => {
    if (!hasCome(original.doc) && !original.status.current.isUpToDate) throw new Error(labels.notHereYet)
    return makeDocument(workspace, list, {
      title,
      fill: (doc) => {
        const nodes = proseOf(original.doc)
          .toArray()
          .flatMap((node) => (node instanceof Y.XmlHook ? [] : [node.clone()]))
        proseOf(doc).insert(0, nodes)
        metaOf(doc).set('schema', metaOf(original.doc).get('schema') ?? schemaVersion)
      },
    })
  })
}

async function withDocument<Answer>(
  workspace: Workspace,
  id: string,
  work: (document: SynclineDocument) => Answer | Promise<Answer>,
): Promise<Answer> {
  const document = workspace.open(nameOf(id))
  try {
    await document.loaded
    return await work(document)
  } finally {
    await document.close()
  }
}

function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(10))
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
