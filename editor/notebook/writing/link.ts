// link.ts — links in a text. TipTap's own also looks through what others type, and so makes edits in everybody's name; this
// one makes links of what is typed or pasted here. An address that is not followed is left out of the page. [D3]
import { InputRule, Mark, markPasteRule } from '@tiptap/core'
import { isLinkAddress } from './link-addresses.ts'

export const Link = Mark.create({
  name: 'link',
  priority: 1000,
  keepOnSplit: false,
  inclusive: false,

  addAttributes: () => ({ href: { default: null } }),

  parseHTML: () => [
    { tag: 'a[href]', getAttrs: (link) => (isLinkAddress(link.getAttribute('href')) ? null : false) },
  ],

  renderHTML: ({ mark }) => {
    const href: unknown = mark.attrs['href']
    if (!isLinkAddress(href)) return ['a', 0]
    return ['a', { href, target: '_blank', rel: 'noopener noreferrer nofollow' }, 0]
  },

  addInputRules() {
    return [
      new InputRule({
        find: /(?:^|\s)(https?:\/\/[^\s]+)\s$/,
        handler: ({ state, range, match }) => {
          const href = match[1] ?? ''
          const from = range.from + match[0].indexOf(href)
          const mark = this.type.create({ href })
          state.tr.addMark(from, range.to, mark).insertText(' ', range.to).removeStoredMark(mark)
        },
      }),
    ]
  },

  addPasteRules() {
    return [
      markPasteRule({
        find: /https?:\/\/[^\s]+/g,
        type: this.type,
        getAttributes: ([href]) => ({ href }),
      }),
    ]
  },

  markdownTokenName: 'link',
  parseMarkdown: (token, { applyMark, parseInline }) =>
    applyMark('link', parseInline(token.tokens ?? []), { href: token['href'] }),
  renderMarkdown: (node, { renderChildren }) => `[${renderChildren(node)}](${node.attrs?.['href'] ?? ''})`,
})
