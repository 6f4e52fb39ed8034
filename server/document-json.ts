// document-json.ts — a Y.Doc as JSON, for programs that do not speak Yjs. Knows: what lies in a Y.Doc. Must not know: who
// asks. Yjs keeps no kind for what lies at the root of a document, so the kind is read off what is there: characters
// make a text, elements make XML, other things make a list, and names alone a map. Formats and embeds are left out.
import * as Y from 'yjs'

type Root = ReturnType<Y.Doc['share']['get']> & object

export function jsonOf(doc: Y.Doc): string {
  const roots: Record<string, unknown> = {}
  for (const [name, type] of doc.share) {
    const value = valueOf(type)
    // A root that was only ever looked at is none.
    if (value !== undefined) roots[name] = value
  }
  return JSON.stringify(roots, replaced)
}

function valueOf(root: Root): unknown {
  const contents = [...contentsOf(root)]
  if (contents.some(isText))
    return contents.map((content) => (content instanceof Y.ContentString ? content.str : '')).join('')
  if (contents.some(isXml))
    return contents.map((content) => (isXml(content) ? content.type.toString() : '')).join('')
  if (contents.length > 0) return contents.flatMap(itemsOf)
  const { _map: names } = root
  const entries = [...names].filter(([, item]) => !item.deleted)
  if (entries.length === 0) return undefined
  return Object.fromEntries(entries.map(([key, item]) => [key, itemsOf(item.content).at(-1)]))
}

function* contentsOf(root: Root): Generator<Y.Item['content']> {
  const { _start: first } = root
  for (let item = first; item !== null; item = item.right) if (!item.deleted) yield item.content
}

function itemsOf(content: Y.Item['content']): unknown[] {
  if (content instanceof Y.ContentType) return [content.type.toJSON()]
  return content.isCountable() ? content.getContent() : []
}

function isText(content: Y.Item['content']): boolean {
  return (
    content instanceof Y.ContentString ||
    content instanceof Y.ContentFormat ||
    content instanceof Y.ContentEmbed
  )
}

function isXml(content: Y.Item['content']): content is Y.ContentType {
  if (!(content instanceof Y.ContentType)) return false
  const { type } = content
  return type instanceof Y.XmlElement || type instanceof Y.XmlText || type instanceof Y.XmlHook
}

/** What JSON has no form for. */
function replaced(_key: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (typeof value === 'bigint') return value.toString()
  if (value instanceof Y.Doc) return { guid: value.guid }
  return value
}
