// use-actions.ts — what a person may do with documents, from wherever on the page: it works offline, all of it.
import { useMemo } from 'react'
import { useWorkspace } from 'syncline/react'
import { goTo } from './address.ts'
import { say } from './components/notices.tsx'
import type { DocumentList } from './document-list-hook.ts'
import { bringBack, moveToTrash } from './document-list.ts'
import type { Entry } from './document-list.ts'
import { duplicate, makeDocument, makeFromMarkdown } from './document-making.ts'
import { pickTextFile } from './files.ts'
import { labels, notices, writing } from './texts.ts'

export type DocumentActions = {
  readonly create: () => void
  readonly importMarkdown: () => void
  readonly duplicate: (entry: Entry) => void
  readonly moveToTrash: (entry: Entry) => void
  readonly bringBack: (entry: Entry) => void
}

const importLengthMax = 2_000_000

export function useActions(list: DocumentList | undefined): DocumentActions {
  const workspace = useWorkspace()
  const doc = list?.doc
  return useMemo(() => {
    const withDoc = (work: (ready: Ready) => Promise<void> | void): void => {
      if (workspace === undefined || doc === undefined) return
      Promise.resolve(work({ workspace, doc })).catch((error: Error) => say(notices.failed(error.message)))
    }
    return {
      create: () =>
        withDoc(async (ready) => goTo(await makeDocument(ready.workspace, ready.doc, { title: '' }))),
      importMarkdown: () =>
        withDoc(async (ready) => {
          const file = await pickTextFile('.md,.markdown,.txt,text/markdown,text/plain')
          if (file === undefined) return
          if (file.text.length > importLengthMax) return say(writing.tooLargeFile)
          goTo(await makeFromMarkdown(ready.workspace, ready.doc, titled(file)))
        }),
      duplicate: ({ id, title }) =>
        withDoc(async (ready) => {
          goTo(await duplicate(ready.workspace, ready.doc, id, labels.copyOf(title)))
        }),
      moveToTrash: ({ id }) => withDoc((ready) => moveToTrash(ready.doc, id, Date.now())),
      bringBack: ({ id }) => withDoc((ready) => bringBack(ready.doc, id)),
    }
  }, [workspace, doc])
}

/** As an export has it: the title is a heading before everything else; without one, the file's name. */
function titled({ name, text }: { name: string; text: string }): { title: string; markdown: string } {
  const [heading, title] = /^# (.+)\r?\n+/.exec(text) ?? []
  if (heading === undefined || title === undefined)
    return { title: name.replace(/\.[^.]+$/, ''), markdown: text }
  return { title: title.trim(), markdown: text.slice(heading.length) }
}

type Ready = {
  readonly workspace: NonNullable<ReturnType<typeof useWorkspace>>
  readonly doc: DocumentList['doc']
}
