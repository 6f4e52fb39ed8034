// news.ts — which parts of a text are not as this browser last showed them. A part is a block at the top: a paragraph, a
// list, a table. Marked until one writes, or says that one has seen it. Must not know: where the old state is kept.
import { Extension } from '@tiptap/core'
import type { Editor } from '@tiptap/core'
import type { Node } from '@tiptap/pm/model'
import { Plugin, PluginKey } from '@tiptap/pm/state'
import type { Transaction } from '@tiptap/pm/state'
import { Decoration, DecorationSet } from '@tiptap/pm/view'
import { ySyncPluginKey } from '@tiptap/y-tiptap'

type News = { readonly prints: ReadonlySet<string>; readonly count: number; readonly marks: DecorationSet }

const nothing: News = { prints: new Set(), count: 0, marks: DecorationSet.empty }
const key = new PluginKey<News>('news')
/** Nodes never change: of what is not touched nothing is computed again. */
const printOfPart = new WeakMap<Node, string>()

export const NewsMarks = Extension.create({
  name: 'news',
  addProseMirrorPlugins: () => [
    new Plugin<News>({
      key,
      state: {
        init: () => nothing,
        apply: (transaction, news, _before, { doc }) => {
          const told: { readonly seen: ReadonlySet<string> | undefined } | undefined =
            transaction.getMeta(key)
          if (told !== undefined) {
            const { seen } = told
            return seen === undefined ? nothing : newsAmong(doc, (print) => !seen.has(print))
          }
          if (news.count === 0 || !transaction.docChanged) return news
          // What comes before one's eyes is no news. The binding replaces all of the text: no mapping keeps a mark.
          return isOwnEdit(transaction) ? nothing : newsAmong(doc, (print) => news.prints.has(print))
        },
      },
      props: { decorations: (state) => key.getState(state)?.marks },
    }),
  ],
})

/** Undefined: everything was seen. */
export function markNews(editor: Editor, seen: ReadonlySet<string> | undefined): void {
  if (!editor.isDestroyed) editor.view.dispatch(editor.state.tr.setMeta(key, { seen }))
}

export function newsCount(editor: Editor): number {
  return key.getState(editor.state)?.count ?? 0
}

/** The first that is below what is seen, or the first of all. */
export function showNews(editor: Editor): void {
  const parts = [...editor.view.dom.querySelectorAll('.news-part')]
  const below = parts.find((part) => part.getBoundingClientRect().top > innerHeight * 0.6)
  ;(below ?? parts[0])?.scrollIntoView({ block: 'center' })
}

export function isOwnEdit(transaction: Transaction): boolean {
  return transaction.docChanged && transaction.getMeta(ySyncPluginKey)?.isChangeOrigin !== true
}

/** Of all parts, so that they can be told from others later. */
export function printsOf(doc: Node): readonly string[] {
  return doc.children.map(printOf)
}

function newsAmong(doc: Node, isNew: (print: string) => boolean): News {
  const prints = new Set<string>()
  const marks: Decoration[] = []
  doc.forEach((part, place) => {
    const print = printOf(part)
    if ((part.isTextblock && part.content.size === 0) || !isNew(print)) return
    prints.add(print)
    marks.push(Decoration.node(place, place + part.nodeSize, { class: 'news-part' }))
  })
  return { prints, count: marks.length, marks: DecorationSet.create(doc, marks) }
}

/** Eight hex digits: that two parts share them would at worst leave a mark out. */
function printOf(part: Node): string {
  const known = printOfPart.get(part)
  if (known !== undefined) return known
  let print = 0x811c9dc5
  for (const letter of JSON.stringify(part))
    print = Math.imul(print ^ (letter.codePointAt(0) ?? 0), 0x01000193)
  const words = (print >>> 0).toString(16).padStart(8, '0')
  printOfPart.set(part, words)
  return words
}
