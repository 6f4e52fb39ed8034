// person.ts — the name and colour that others see of who sits here. Kept in this browser. What others say of themselves is
// looked at before it is believed.
import { useSyncExternalStore } from 'react'
import { keep, keptJson } from './kept-here.ts'
import { guestNames } from './texts.ts'

export type Person = {
  /** Of this page: one person may have several open. */
  readonly id: string
  readonly name: string
  readonly color: string
}

/** Dark enough for white letters on them. */
export const colors = [
  '#0b7285',
  '#9c36b5',
  '#c2255c',
  '#b5490b',
  '#2b6e3f',
  '#364fc7',
  '#6d4c1f',
  '#495057',
] as const

const nameLengthMax = 40
const key = 'syncline-person'
const pageId = crypto.getRandomValues(new Uint32Array(2)).join('')
const listeners = new Set<() => void>()
let current = { ...lastPerson(), id: pageId }

export function usePerson(): Person {
  return useSyncExternalStore(subscribe, () => current)
}

export function setPerson({ name, color }: Omit<Person, 'id'>): void {
  current = { id: pageId, name: name.trim().slice(0, nameLengthMax) || current.name, color }
  keep(key, JSON.stringify({ name: current.name, color }))
  for (const listener of listeners) listener()
}

/** Undefined: says nothing of the kind. */
export function personFrom(said: unknown): Person | undefined {
  if (typeof said !== 'object' || said === null) return undefined
  const { id, name, color }: { id?: unknown; name?: unknown; color?: unknown } = said
  if (typeof name !== 'string' || typeof id !== 'string' || name.trim() === '') return undefined
  const isColor = typeof color === 'string' && /^#[0-9a-f]{6}$/i.test(color)
  return { id, name: name.slice(0, nameLengthMax), color: isColor ? color : colors[0] }
}

export function initialOf(name: string): string {
  return /./u.exec(name.trim())?.[0].toUpperCase() ?? ''
}

function lastPerson(): { readonly name: string; readonly color: string } {
  const said = keptJson(key)
  const person = typeof said === 'object' ? personFrom({ id: pageId, ...said }) : undefined
  if (person !== undefined) return person
  const [draw = 0, second = 0] = crypto.getRandomValues(new Uint8Array(2))
  const drawn = {
    name: guestNames[draw % guestNames.length] ?? '',
    color: colors[second % colors.length] ?? colors[0],
  }
  keep(key, JSON.stringify(drawn))
  return drawn
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}
