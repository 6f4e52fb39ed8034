// order.ts — a text in which something stands where the schema keeps nothing, put in order: what fits at the top is taken out of
// what is around it, and of the rest each line becomes a paragraph. No word of it is lost. A person's edit, when one asks for it.
import * as Y from 'yjs'
import { proseOf } from '../document-parts.ts'
import { contentSchema } from './extensions.ts'
import { unfitAmong } from './schema-guard.ts'

export function putInOrder(doc: Y.Doc): void {
  const prose = proseOf(doc)
  doc.transact(() => {
    for (const [place, block] of [...prose.toArray().entries()].toReversed()) {
      // Of what is newer nobody here knows what it is made of.
      if (unfitAmong([block], contentSchema) !== 'misplaced') continue
      const parts = partsOf(block)
      prose.delete(place)
      prose.insert(place, parts)
    }
  })
}

function partsOf(type: unknown): Y.XmlElement[] {
  if (type instanceof Y.XmlText) return type.length === 0 ? [] : [paragraphOf(type)]
  if (!(type instanceof Y.XmlElement)) return []
  if (unfitAmong([type], contentSchema) === undefined) return [type.clone()]
  return type.toArray().flatMap(partsOf)
}

function paragraphOf(text: Y.XmlText): Y.XmlElement {
  const paragraph = new Y.XmlElement('paragraph')
  paragraph.insert(0, [text.clone()])
  return paragraph
}
