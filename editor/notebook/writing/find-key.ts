// find-key.ts — Ctrl+F, or Cmd+F, looks in the text, each time that it is pressed.
import { useEffect } from 'react'

export function useFindKey(find: () => void): void {
  useEffect(() => {
    const keyDown = (event: KeyboardEvent): void => {
      if (event.key !== 'f' || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return
      event.preventDefault()
      find()
    }
    addEventListener('keydown', keyDown)
    return () => removeEventListener('keydown', keyDown)
  }, [find])
}
