// people.ts — a person at a replica: types as people type, deletes, formats, undoes, moves things in lists and maps,
// or only reads. Knows: a Y.Doc, whichever replica has it. Must not know: wires, stores, whether there is a network.
import * as Y from 'yjs'
import type { Chance } from '../chance.ts'
import type { Replica } from './replica.ts'
import { strokes } from './typing.ts'
import type { World } from './world.ts'

export type Habits = {
  readonly onlyReads: boolean
  /** Milliseconds between two bursts of doing something. */
  readonly pauseMsMax: number
  readonly formats: boolean
  readonly undoes: boolean
  /** Makes roots of new names, until the document may have no more. */
  readonly makesPages: boolean
}

const formats = [{ bold: true }, { bold: null }, { italic: true }, { color: 'red' }, { color: null }]
const keys = ['title', 'state', 'owner']
const selectionMax = 12
/** More than a document may have roots, where limits are small. */
const pagesMax = 9

export class Person {
  readonly #world: World
  readonly #replica: Replica
  readonly #habits: Habits
  #until = 0
  #cursor = 0
  #stroke: number
  /** Undo belongs to one Y.Doc: a tab that was opened anew begins without. */
  #undo: { readonly doc: Y.Doc; readonly manager: Y.UndoManager } | undefined
  edits = 0

  constructor(world: World, replica: Replica, habits: Habits) {
    this.#world = world
    this.#replica = replica
    this.#habits = habits
    this.#stroke = world.chance.between(0, strokes().length - 1)
  }

  workUntil(time: number): void {
    this.#until = time
    if (!this.#habits.onlyReads) this.#rest()
  }

  #rest(): void {
    const { chance } = this.#world
    const pause = chance.between(1, this.#habits.pauseMsMax)
    this.#world.after(pause, `${this.#replica.name} does something`, () => this.#begin())
  }

  #begin(): void {
    if (this.#world.now >= this.#until) return
    const { chance } = this.#world
    const what = chance.between(0, 19)
    if (what < 12) return this.#type(chance.between(1, 8))
    if (what < 14 && this.#habits.formats) this.#act((doc) => this.#format(doc, chance))
    else if (what < 16 && this.#habits.undoes) this.#act((doc) => this.#undoOrRedo(doc))
    else if (what < 17 && this.#habits.makesPages) this.#act((doc) => this.#makePage(doc))
    else if (what < 17) this.#act((doc) => this.#deleteSome(doc))
    else if (what < 18) this.#act((doc) => this.#changeMap(doc))
    else this.#act((doc) => this.#changeList(doc))
    return this.#rest()
  }

  /** One stroke is one transaction; so fast do people type. */
  #type(left: number): void {
    this.#act((doc) => this.#makeStroke(doc))
    if (left <= 1) return this.#rest()
    const pause = this.#world.chance.between(40, 250)
    this.#world.after(pause, `${this.#replica.name} types`, () => this.#type(left - 1))
    return undefined
  }

  #act(act: (doc: Y.Doc) => void): void {
    const { doc } = this.#replica
    if (doc === undefined || !this.#replica.mayWrite) return
    if (this.#undo?.doc !== doc && this.#habits.undoes) {
      const scope = [doc.getText('text'), doc.getMap('map'), doc.getArray('list')]
      // Real time would decide what is one step: so each transaction is.
      this.#undo = { doc, manager: new Y.UndoManager(scope, { captureTimeout: 0 }) }
    }
    this.edits += 1
    act(doc)
  }

  #makeStroke(doc: Y.Doc): void {
    const text = doc.getText('text')
    const all = strokes()
    this.#stroke = (this.#stroke + 1) % all.length
    const { move, deleted, inserted } = all[this.#stroke]!
    const moved = Math.max(0, this.#cursor + move)
    this.#cursor = moved > text.length ? text.length : moved
    const taken = Math.min(deleted, this.#cursor)
    doc.transact(() => {
      this.#cursor -= taken
      if (taken > 0) text.delete(this.#cursor, taken)
      if (inserted !== '') text.insert(this.#cursor, inserted)
      this.#cursor += inserted.length
    })
  }

  #format(doc: Y.Doc, chance: Chance): void {
    const text = doc.getText('text')
    if (text.length === 0) return
    const at = chance.between(0, text.length - 1)
    text.format(at, Math.min(text.length - at, chance.between(1, selectionMax)), chance.oneOf(formats))
  }

  #undoOrRedo(doc: Y.Doc): void {
    if (this.#undo?.doc !== doc) return
    if (this.#world.isOneIn(3)) this.#undo.manager.redo()
    else this.#undo.manager.undo()
  }

  #deleteSome(doc: Y.Doc): void {
    const text = doc.getText('text')
    if (text.length === 0) return
    const at = this.#world.chance.between(0, text.length - 1)
    text.delete(at, Math.min(text.length - at, this.#world.chance.between(1, selectionMax)))
  }

  #makePage(doc: Y.Doc): void {
    const { chance } = this.#world
    doc.getMap(`page ${chance.between(1, pagesMax)}`).set('made', chance.between(0, 99))
  }

  #changeMap(doc: Y.Doc): void {
    const { chance } = this.#world
    const map = doc.getMap('map')
    const key = chance.oneOf(keys)
    const what = chance.between(0, 5)
    if (what === 0) map.delete(key)
    else if (what === 1) map.set(key, new Y.Map([['inner', chance.between(0, 9)]]))
    else map.set(key, chance.between(0, 99))
    const inner = map.get(chance.oneOf(keys))
    if (inner instanceof Y.Map && chance.between(0, 1) === 0) inner.set('inner', chance.between(0, 9))
  }

  #changeList(doc: Y.Doc): void {
    const { chance } = this.#world
    const list = doc.getArray('list')
    const at = chance.between(0, list.length)
    if (at < list.length && chance.between(0, 2) === 0) list.delete(at, 1)
    else list.insert(at, [chance.between(0, 2) === 0 ? new Y.Array() : chance.between(0, 99)])
    const inner = list.length > 0 ? list.get(chance.between(0, list.length - 1)) : undefined
    if (inner instanceof Y.Array) inner.push([chance.between(0, 9)])
  }
}
