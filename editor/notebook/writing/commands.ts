// commands.ts — what the toolbar can do to the text: each with whether it holds where the caret is.
import type { Editor } from '@tiptap/core'
import { createTable } from '@tiptap/extension-table'
import type { IconName } from '../components/icon.tsx'
import { writing } from '../texts.ts'
import { insertBlock } from './block-insertion.ts'

export type Command = {
  readonly name: string
  readonly icon: IconName
  /** Shown as it is pressed for ears: undefined, it is no state. */
  readonly isOn?: (editor: Editor) => boolean
  readonly run: (editor: Editor) => void
}

export const textCommands: readonly Command[] = [
  heading(1, writing.heading1),
  heading(2, writing.heading2),
  heading(3, writing.heading3),
  mark('bold', 'bold', writing.bold),
  mark('italic', 'italic', writing.italic),
  mark('strike', 'strike', writing.strike),
  mark('code', 'code', writing.code),
]

export const blockCommands: readonly Command[] = [
  node('bulletList', 'bulletList', writing.bulletList, (editor) => editor.commands.toggleBulletList()),
  node('orderedList', 'orderedList', writing.orderedList, (editor) => editor.commands.toggleOrderedList()),
  node('taskList', 'taskList', writing.taskList, (editor) => editor.commands.toggleTaskList()),
  node('blockquote', 'blockquote', writing.blockquote, (editor) => editor.commands.toggleBlockquote()),
  node('codeBlock', 'codeBlock', writing.codeBlock, (editor) => editor.commands.toggleCodeBlock()),
  {
    name: writing.rule,
    icon: 'rule',
    run: (editor) => insertBlock(editor, editor.schema.node('horizontalRule')),
  },
  {
    name: writing.table,
    icon: 'table',
    run: (editor) => insertBlock(editor, createTable(editor.schema, 3, 3, true)),
  },
]

export const historyCommands: readonly Command[] = [
  { name: writing.undo, icon: 'undo', run: (editor) => editor.commands.undo() },
  { name: writing.redo, icon: 'redo', run: (editor) => editor.commands.redo() },
]

/** Where the caret is in a table. */
export const tableCommands: readonly { readonly name: string; readonly run: (editor: Editor) => void }[] = [
  { name: writing.addRow, run: (editor) => editor.chain().focus().addRowAfter().run() },
  { name: writing.addColumn, run: (editor) => editor.chain().focus().addColumnAfter().run() },
  { name: writing.deleteRow, run: (editor) => editor.chain().focus().deleteRow().run() },
  { name: writing.deleteColumn, run: (editor) => editor.chain().focus().deleteColumn().run() },
  { name: writing.deleteTable, run: (editor) => editor.chain().focus().deleteTable().run() },
]

function heading(level: 1 | 2 | 3, name: string): Command {
  return {
    name,
    icon: `heading${level}`,
    isOn: (editor) => editor.isActive('heading', { level }),
    run: (editor) => editor.commands.toggleHeading({ level }),
  }
}

function mark(type: string, icon: IconName, name: string): Command {
  return {
    name,
    icon,
    isOn: (editor) => editor.isActive(type),
    run: (editor) => editor.commands.toggleMark(type),
  }
}

function node(type: string, icon: IconName, name: string, run: Command['run']): Command {
  return { name, icon, isOn: (editor) => editor.isActive(type), run }
}
