// page-menu.tsx — what may be done with the document as a whole.
import type { Editor } from '@tiptap/core'
import type { ReactElement } from 'react'
import { addressOf } from '../address.ts'
import { Menu } from '../components/menu.tsx'
import type { MenuItem } from '../components/menu.tsx'
import { say, sayForGood } from '../components/notices.tsx'
import type { Entry } from '../document-list.ts'
import { fileName, saveFile } from '../files.ts'
import { labels, notices } from '../texts.ts'
import { linkWithToken } from '../token.ts'
import type { DocumentActions } from '../use-actions.ts'
import { htmlPage } from './html.ts'

export function PageMenu({
  id,
  entry,
  editor,
  actions,
}: {
  id: string
  entry: Entry | undefined
  editor: Editor | undefined
  /** Undefined: they are not this person's. */
  actions: DocumentActions | undefined
}): ReactElement {
  const items: MenuItem[] = [{ name: labels.copyLink, act: () => copyLink(id) }]
  const title = entry?.title ?? ''
  if (editor !== undefined) {
    items.push(
      { name: labels.exportMarkdown, act: () => exportMarkdown(title, editor) },
      {
        name: labels.exportHtml,
        act: () => saveFile(fileName(title, 'html'), 'text/html', htmlPage(title, editor.getHTML())),
      },
    )
  }
  if (entry !== undefined && actions !== undefined) {
    items.push({ name: labels.duplicate, act: () => actions.duplicate(entry) })
    items.push(
      entry.trashed === undefined
        ? { name: labels.moveToTrash, act: () => actions.moveToTrash(entry) }
        : { name: labels.bringBack, act: () => actions.bringBack(entry) },
    )
  }
  return <Menu label={labels.actionsFor(title)} items={items} />
}

function copyLink(id: string): void {
  const { link, carriesToken } = linkWithToken(addressOf(id))
  // Over plain http a page has no clipboard.
  const copying = 'clipboard' in navigator ? navigator.clipboard.writeText(link) : Promise.reject(new Error())
  copying.then(
    () => say(carriesToken ? labels.linkWithTokenIsCopied : labels.linkIsCopied),
    () => sayForGood(`${labels.copyByHand} ${link}`),
  )
}

function exportMarkdown(title: string, editor: Editor): void {
  import('./markdown.ts')
    .then(({ markdownFrom }) =>
      saveFile(fileName(title, 'md'), 'text/markdown', markdownFrom(title, editor.getJSON())),
    )
    .catch((error: Error) => say(notices.failed(error.message)))
}
