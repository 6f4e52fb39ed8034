// menu.tsx — a button, and under it what may be done. Arrow keys go through it, Escape and a click elsewhere close it.
import { useEffect, useId, useRef, useState } from 'react'
import type { KeyboardEvent, ReactElement } from 'react'
import { Icon } from './icon.tsx'

export type MenuItem = { readonly name: string; readonly act: () => void }

export function Menu({ label, items }: { label: string; items: readonly MenuItem[] }): ReactElement {
  const [isOpen, setOpen] = useState(false)
  const place = useRef<HTMLDivElement>(null)
  const button = useRef<HTMLButtonElement>(null)
  const listId = useId()
  useEffect(() => {
    if (!isOpen) return undefined
    const buttons = buttonsIn(place.current)
    buttons.at(-1)?.scrollIntoView({ block: 'nearest' })
    buttons[0]?.focus()
    const closeElsewhere = (event: Event): void => {
      if (event.target instanceof Node && place.current?.contains(event.target) !== true) setOpen(false)
    }
    document.addEventListener('pointerdown', closeElsewhere)
    return () => document.removeEventListener('pointerdown', closeElsewhere)
  }, [isOpen])

  const close = (): void => {
    setOpen(false)
    button.current?.focus()
  }
  return (
    <div
      className="menu"
      ref={place}
      onKeyDown={(event) => (isOpen ? moveOrClose(event, buttonsIn(place.current), close) : undefined)}
      onBlur={({ relatedTarget }) => {
        if (relatedTarget !== null && place.current?.contains(relatedTarget) !== true) setOpen(false)
      }}
    >
      <button
        ref={button}
        className="icon-button"
        aria-label={label}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        aria-controls={listId}
        onClick={() => setOpen(!isOpen)}
      >
        <Icon name="more" />
      </button>
      <div id={listId} className="menu-list" role="menu" aria-label={label} hidden={!isOpen}>
        {items.map(({ name, act }) => (
          <button
            key={name}
            role="menuitem"
            tabIndex={-1}
            onClick={() => {
              close()
              act()
            }}
          >
            {name}
          </button>
        ))}
      </div>
    </div>
  )
}

function buttonsIn(place: HTMLElement | null): readonly HTMLElement[] {
  return [...(place?.querySelectorAll<HTMLElement>('[role=menuitem]') ?? [])]
}

function moveOrClose(event: KeyboardEvent, buttons: readonly HTMLElement[], close: () => void): void {
  const at = buttons.findIndex((button) => button === document.activeElement)
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key]
  if (event.key === 'Escape') close()
  else if (to === undefined) return
  else buttons.at(to % buttons.length)?.focus()
  event.preventDefault()
  event.stopPropagation()
}
