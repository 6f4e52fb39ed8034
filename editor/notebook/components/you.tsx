// you.tsx — the name and colour that others see.
import { useState } from 'react'
import type { ReactElement } from 'react'
import { colors, setPerson, usePerson } from '../person.ts'
import { labels, people } from '../texts.ts'
import { Dialog } from './dialog.tsx'
import { PersonMark } from './person-mark.tsx'

export function You(): ReactElement {
  const person = usePerson()
  const [isOpen, setOpen] = useState(false)
  return (
    <>
      <button className="you" aria-haspopup="dialog" onClick={() => setOpen(true)} title={people.you}>
        <PersonMark {...person} />
        <span>{person.name}</span>
      </button>
      {isOpen && <YouDialog onClose={() => setOpen(false)} />}
    </>
  )
}

function YouDialog({ onClose }: { onClose: () => void }): ReactElement {
  const person = usePerson()
  const [name, setName] = useState(person.name)
  const [color, setColor] = useState(person.color)
  return (
    <Dialog title={people.you} onClose={onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault()
          setPerson({ name, color })
          onClose()
        }}
      >
        <label className="field">
          {people.name}
          <input value={name} maxLength={40} required onChange={(event) => setName(event.target.value)} />
        </label>
        <fieldset className="colors">
          <legend>{people.color}</legend>
          {colors.map((one, index) => (
            <input
              key={one}
              type="radio"
              name="color"
              aria-label={people.colorNames[index]}
              checked={one === color}
              onChange={() => setColor(one)}
              style={{ backgroundColor: one }}
            />
          ))}
        </fieldset>
        <button className="button main">{labels.apply}</button>
      </form>
    </Dialog>
  )
}
