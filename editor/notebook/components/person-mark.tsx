// person-mark.tsx — a person as a letter on their colour.
import type { ReactElement } from 'react'
import { initialOf } from '../person.ts'

export function PersonMark({ name, color }: { name: string; color: string }): ReactElement {
  return (
    <span className="person-mark" style={{ backgroundColor: color }} aria-hidden="true">
      {initialOf(name)}
    </span>
  )
}
