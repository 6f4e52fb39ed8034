// bindings-script.ts — what a page does for bindings.test.ts: one of the editors that people bind to Yjs, on a
// SynclineProvider, as its own documentation says to. Knows: nothing of the package but its public face.
import { EditorState } from '@codemirror/state'
import { EditorView } from '@codemirror/view'
import { Editor } from '@tiptap/core'
import { Collaboration } from '@tiptap/extension-collaboration'
import { CollaborationCaret } from '@tiptap/extension-collaboration-caret'
import { Document } from '@tiptap/extension-document'
import { Paragraph } from '@tiptap/extension-paragraph'
import { Text } from '@tiptap/extension-text'
import Quill from 'quill'
import QuillCursors from 'quill-cursors'
import { yCollab } from 'y-codemirror.next'
import { QuillBinding } from 'y-quill'
import * as Y from 'yjs'
import { openWorkspace, SynclineProvider } from '../../client/index.ts'

type Person = { readonly name: string; readonly color: string }

type Mounted = {
  readonly words: () => string
  /** The names at the carets of others. */
  readonly carets: string
  readonly unmount: () => void
}

type Mount = (provider: SynclineProvider, person: Person, place: HTMLElement) => Mounted

const mounts: Readonly<Record<string, Mount>> = {
  CodeMirror: (provider, person, place) => {
    const text = provider.doc.getText('code')
    provider.awareness.setLocalStateField('user', { ...person, colorLight: person.color })
    const extensions = [yCollab(text, provider.awareness)]
    const view = new EditorView({
      parent: place,
      state: EditorState.create({ doc: text.toString(), extensions }),
    })
    return {
      words: () => view.state.doc.toString(),
      carets: '.cm-ySelectionInfo',
      unmount: () => view.destroy(),
    }
  },
  TipTap: (provider, user, element) => {
    const editor = new Editor({
      element,
      extensions: [
        Document,
        Paragraph,
        Text,
        Collaboration.configure({ document: provider.doc }),
        CollaborationCaret.configure({ provider, user }),
      ],
    })
    return {
      words: () => editor.getText(),
      carets: '.collaboration-carets__label',
      unmount: () => editor.destroy(),
    }
  },
  Quill: (provider, person, place) => {
    Quill.register('modules/cursors', QuillCursors, true)
    const quill = new Quill(place.appendChild(document.createElement('div')), { modules: { cursors: true } })
    provider.awareness.setLocalStateField('user', person)
    const binding = new QuillBinding(provider.doc.getText('quill'), quill, provider.awareness)
    return {
      // Quill's own last line ends with one of its own.
      words: () => quill.getText().replace(/\n$/, ''),
      carets: '.ql-cursor-name',
      unmount: () => binding.destroy(),
    }
  },
}

const place = document.body.appendChild(document.createElement('main'))
/** What the provider told, in its order. */
const told: string[] = []
let provider: SynclineProvider | undefined
let mounted: Mounted | undefined

export async function open(editor: string, url: string, name: string, person: Person): Promise<void> {
  const mount = mounts[editor]
  if (mount === undefined) throw new Error(`There is no editor «${editor}».`)
  const opened = new SynclineProvider(openWorkspace({ url, store: name }), name)
  provider = opened
  opened.on('sync', (isSo) => told.push(isSo ? 'synced' : 'not synced'))
  opened.on('status', ({ status }) => told.push(status))
  const show = (): void => {
    mounted?.unmount()
    place.replaceChildren()
    mounted = mount(opened, person, place)
  }
  opened.on('rebuilt', () => {
    show()
    told.push('rebuilt')
  })
  await opened.document.loaded
  show()
}

export function words(): string | undefined {
  return mounted?.words()
}

export function carets(): readonly string[] {
  if (mounted === undefined) return []
  return [...place.querySelectorAll(mounted.carets)].map(({ textContent }) => textContent?.trim() ?? '')
}

export function takeTold(): readonly string[] {
  return told.splice(0)
}

export function isSynced(): boolean {
  return provider?.synced === true
}

/** Of the whole Y.Doc: state vector and deletes. */
export function structure(): string {
  return provider === undefined ? '' : Y.encodeSnapshot(Y.snapshot(provider.doc)).join(',')
}

export function goOffline(): void {
  provider?.disconnect()
}

export function comeBack(): void {
  provider?.connect()
}

export function client(): number | undefined {
  return provider?.doc.clientID
}

/** An edit that no relay takes. */
export function speakFor(other: number): void {
  if (provider === undefined) return
  const { doc } = provider
  const own = doc.clientID
  doc.clientID = other
  doc.getMap('spoken for others').set('words', 'hers')
  doc.clientID = own
}

export function leave(): void {
  mounted?.unmount()
  provider?.destroy()
}

export async function saved(): Promise<boolean> {
  return (await provider?.document.saved())?.isSaved === true
}
