// dialog.tsx — what stands in front of the page until it is closed: the browser's own dialog, which keeps the focus inside
// and gives it back. A click beside it closes it.
import { useId, useLayoutEffect, useRef } from 'react'
import type { ReactElement, ReactNode } from 'react'
import { labels } from '../texts.ts'
import { Icon } from './icon.tsx'

export function Dialog({
  title,
  className = '',
  onClose,
  children,
}: {
  title: string
  className?: string
  onClose: () => void
  children: ReactNode
}): ReactElement {
  const dialog = useRef<HTMLDialogElement>(null)
  const titleId = useId()
  // Before it leaves the page: only then it gives the focus back.
  useLayoutEffect(() => {
    const element = dialog.current
    element?.showModal()
    // Who opens it to type something types at once.
    element?.querySelector<HTMLElement>('input:not([type=radio])')?.focus()
    return () => element?.close()
  }, [])
  return (
    <dialog
      ref={dialog}
      className={`dialog ${className}`}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
      onClick={(event) => {
        if (event.target === dialog.current) onClose()
      }}
    >
      <div className="dialog-page">
        <header>
          <h2 id={titleId}>{title}</h2>
          <button className="icon-button" aria-label={labels.close} onClick={onClose}>
            <Icon name="close" />
          </button>
        </header>
        {children}
      </div>
    </dialog>
  )
}
