// address-dialogs.tsx — asks for the address of a link, or of an image.
import type { Editor } from '@tiptap/core'
import { useState } from 'react'
import type { ReactElement, ReactNode } from 'react'
import { Dialog } from '../components/dialog.tsx'
import { labels, writing } from '../texts.ts'
import { insertBlock } from './block-insertion.ts'
import { isImageAddress, linkAddressFrom } from './link-addresses.ts'
import { openAddress } from './link-following.ts'

export function LinkDialog({ editor, onClose }: { editor: Editor; onClose: () => void }): ReactElement {
  const before: unknown = editor.getAttributes('link')['href']
  const [words, setWords] = useState(typeof before === 'string' ? before : '')
  const address = linkAddressFrom(words)
  const end = (): void => {
    onClose()
    editor.commands.focus()
  }
  return (
    <AddressDialog
      title={writing.link}
      isGood={address !== undefined}
      complaint={writing.badLink}
      words={words}
      label={writing.linkAddress}
      onWords={setWords}
      onClose={end}
      onApply={() => {
        if (address === undefined) return
        const chain = editor.chain().focus().extendMarkRange('link')
        if (editor.state.selection.empty && before === undefined)
          chain.insertContent({
            type: 'text',
            text: words,
            marks: [{ type: 'link', attrs: { href: address } }],
          })
        else chain.setMark('link', { href: address })
        chain.run()
      }}
    >
      {before !== undefined && (
        <>
          {address !== undefined && (
            <button
              type="button"
              className="button"
              onClick={() => {
                onClose()
                openAddress(address)
              }}
            >
              {writing.openLink}
            </button>
          )}
          <button
            type="button"
            className="button"
            onClick={() => {
              editor.chain().focus().extendMarkRange('link').unsetMark('link').run()
              end()
            }}
          >
            {writing.removeLink}
          </button>
        </>
      )}
      <p className="quiet">{writing.linkHint}</p>
    </AddressDialog>
  )
}

export function ImageDialog({ editor, onClose }: { editor: Editor; onClose: () => void }): ReactElement {
  const [words, setWords] = useState('')
  const [alt, setAlt] = useState('')
  const address = words.trim()
  return (
    <AddressDialog
      title={writing.image}
      isGood={isImageAddress(address)}
      complaint={writing.badImage}
      words={words}
      label={writing.imageAddress}
      onWords={setWords}
      onClose={() => {
        onClose()
        editor.commands.focus()
      }}
      onApply={() => insertBlock(editor, editor.schema.node('image', { src: address, alt }))}
    >
      <label className="field">
        {writing.imageText}
        <input value={alt} onChange={(event) => setAlt(event.target.value)} />
      </label>
    </AddressDialog>
  )
}

function AddressDialog(props: {
  title: string
  label: string
  words: string
  isGood: boolean
  complaint: string
  onWords: (words: string) => void
  onApply: () => void
  onClose: () => void
  children: ReactNode
}): ReactElement {
  const [wasTried, setWasTried] = useState(false)
  const isComplained = wasTried && !props.isGood
  return (
    <Dialog title={props.title} onClose={props.onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault()
          setWasTried(true)
          if (!props.isGood) return
          props.onApply()
          props.onClose()
        }}
      >
        <label className="field">
          {props.label}
          <input
            inputMode="url"
            autoComplete="off"
            value={props.words}
            aria-invalid={isComplained}
            onChange={(event) => props.onWords(event.target.value)}
          />
        </label>
        <p className="complaint" role="alert">
          {isComplained ? props.complaint : ''}
        </p>
        {props.children}
        <button className="button main">{labels.apply}</button>
      </form>
    </Dialog>
  )
}
