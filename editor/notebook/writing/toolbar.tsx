// toolbar.tsx — one row of buttons over the text. One of them takes part in the order of Tab; arrow keys reach the others.
import type { Editor } from '@tiptap/core'
import { useEffect, useState } from 'react'
import type { KeyboardEvent as KeyPress, ReactElement } from 'react'
import { Icon } from '../components/icon.tsx'
import type { IconName } from '../components/icon.tsx'
import { Menu } from '../components/menu.tsx'
import { writing } from '../texts.ts'
import { ImageDialog, LinkDialog } from './address-dialogs.tsx'
import { blockCommands, historyCommands, tableCommands, textCommands } from './commands.ts'
import type { Command } from './commands.ts'
import { useEditorValue } from './use-editor.ts'

export function Toolbar({ editor }: { editor: Editor }): ReactElement {
  const [asked, setAsked] = useState<'link' | 'image'>()
  const on = useEditorValue(editor, stateOf)
  useLinkKey(editor, () => setAsked('link'))
  const button = (command: Command): ReactElement => (
    <ToolButton
      key={command.name}
      name={command.name}
      icon={command.icon}
      isOn={command.isOn === undefined ? undefined : on.includes(`[${command.name}]`)}
      onPress={() => {
        command.run(editor)
        editor.commands.focus()
      }}
    />
  )
  return (
    <>
      <div
        className="toolbar"
        role="toolbar"
        aria-label={writing.toolbar}
        onKeyDown={moveFocus}
        // The selection stays where it is.
        onMouseDown={(event) => event.preventDefault()}
      >
        {/* First, where a narrow screen shows them without scrolling. */}
        {historyCommands.map(button)}
        <span className="gap" />
        {textCommands.map(button)}
        <ToolButton
          name={writing.link}
          icon="link"
          isOn={on.includes('[link]')}
          onPress={() => setAsked('link')}
        />
        <span className="gap" />
        {blockCommands.map(button)}
        <ToolButton name={writing.image} icon="image" isOn={undefined} onPress={() => setAsked('image')} />
        {on.includes('[table]') && (
          <Menu
            label={writing.table}
            items={tableCommands.map(({ name, run }) => ({ name, act: () => run(editor) }))}
          />
        )}
      </div>
      {asked === 'link' && <LinkDialog editor={editor} onClose={() => setAsked(undefined)} />}
      {asked === 'image' && <ImageDialog editor={editor} onClose={() => setAsked(undefined)} />}
    </>
  )
}

function ToolButton({
  name,
  icon,
  isOn,
  onPress,
}: {
  name: string
  icon: IconName
  isOn: boolean | undefined
  onPress: () => void
}): ReactElement {
  return (
    <button
      className="tool"
      aria-label={name}
      title={name}
      aria-pressed={isOn}
      tabIndex={icon === 'heading1' ? 0 : -1}
      onClick={onPress}
    >
      <Icon name={icon} />
    </button>
  )
}

function useLinkKey(editor: Editor, ask: () => void): void {
  useEffect(() => {
    const { dom } = editor.view
    const keyDown = (event: KeyboardEvent): void => {
      if (event.key !== 'k' || !(event.ctrlKey || event.metaKey)) return
      event.preventDefault()
      ask()
    }
    dom.addEventListener('keydown', keyDown)
    return () => dom.removeEventListener('keydown', keyDown)
  })
}

/** As words, so that two of them can be compared. */
function stateOf(editor: Editor): string {
  const on = [...textCommands, ...blockCommands].filter(({ isOn }) => isOn?.(editor) === true)
  const names = on.map(({ name }) => name)
  if (editor.isActive('link')) names.push('link')
  if (editor.isActive('table')) names.push('table')
  return names.map((name) => `[${name}]`).join('')
}

function moveFocus(event: KeyPress<HTMLElement>): void {
  if (!(event.target instanceof HTMLElement) || !event.target.matches('.toolbar > .tool')) return
  const tools = [...event.currentTarget.querySelectorAll<HTMLElement>(':scope > .tool')]
  const at = tools.indexOf(event.target)
  const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 }[event.key]
  if (to === undefined) return
  event.preventDefault()
  tools.at(to % tools.length)?.focus()
}
