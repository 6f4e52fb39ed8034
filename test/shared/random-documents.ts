// random-documents.ts — replicas of one document that edit every kind of Yjs type at random, now and then hear
// of each other, undo, format, embed. Knows: Yjs's public types. Must not know: what is tested with it. All
// chance comes from the given sequence, so a seed names a document.

import * as Y from 'yjs'

import { seededRandom } from '../editing-session.ts'

export type Random = () => number

export interface RandomDocument {
  /** What the replicas sent, each after everything that its replica knew then. */
  readonly updates: readonly Uint8Array[]
  readonly replicas: readonly Y.Doc[]
  readonly random: Random
}

type SharedType = Y.Text | Y.Map<unknown> | Y.Array<unknown> | Y.XmlFragment

interface Replica {
  readonly doc: Y.Doc
  readonly undo: Y.UndoManager
}

const words = ['a', 'offline', 'é', '漢字', '👩‍👩‍👧', '🙂🙃', '\n', 'ab'.repeat(40), '\ud83d', '']

export function randomDocument(seed: number, editCount = 40): RandomDocument {
  const random = seededRandom(seed)
  const updates: Uint8Array[] = []
  const replicas = Array.from({ length: 1 + below(random, 4) }, () => {
    return newReplica(random, (update) => updates.push(update))
  })
  for (let count = 0; count < editCount; count++) {
    const replica = pick(random, replicas)
    if (random() < 0.25) hear(replica.doc, pick(random, replicas).doc)
    else if (random() < 0.2) replica.doc.transact(() => repeat(random, 4, () => editOnce(random, replica)))
    else editOnce(random, replica)
  }
  return { updates, replicas: replicas.map((replica) => replica.doc), random }
}

export function below(random: Random, bound: number): number {
  return Math.floor(random() * bound)
}

export function pick<Item>(random: Random, items: readonly Item[]): Item {
  return items[below(random, items.length)]!
}

export function shuffled<Item>(random: Random, items: readonly Item[]): Item[] {
  const order = items.map((item) => ({ item, rank: random() }))
  return order.toSorted((a, b) => a.rank - b.rank).map(({ item }) => item)
}

function newReplica(random: Random, send: (update: Uint8Array) => void): Replica {
  const doc = new Y.Doc({ gc: random() < 0.8 })
  doc.clientID = below(random, random() < 0.2 ? 100 : 2 ** 32)
  doc.on('update', (update: Uint8Array, _origin: unknown, _doc: Y.Doc, transaction: Y.Transaction) => {
    if (transaction.local) send(update)
  })
  const roots = [doc.getText('text'), doc.getMap('map'), doc.getArray('array'), doc.getXmlFragment('xml')]
  return { doc, undo: new Y.UndoManager(roots, { captureTimeout: random() < 0.5 ? 0 : 500 }) }
}

function hear(listener: Y.Doc, speaker: Y.Doc): void {
  if (listener === speaker) return
  Y.applyUpdate(listener, Y.encodeStateAsUpdate(speaker, Y.encodeStateVector(listener)))
}

function repeat(random: Random, countMax: number, act: () => void): void {
  for (let count = 1 + below(random, countMax); count > 0; count--) act()
}

function editOnce(random: Random, { doc, undo }: Replica): void {
  const chance = random()
  if (chance < 0.06) undo.undo()
  else if (chance < 0.1) undo.redo()
  else if (chance < 0.4) editAnywhere(random, doc.getText('text'))
  else if (chance < 0.6) editAnywhere(random, doc.getMap('map'))
  else if (chance < 0.8) editAnywhere(random, doc.getArray('array'))
  else editAnywhere(random, doc.getXmlFragment('xml'))
}

/** Edits this type or one that lies somewhere in it. */
function editAnywhere(random: Random, type: SharedType): void {
  const inner = childrenOf(type)
  if (inner.length > 0 && random() < 0.5) editAnywhere(random, pick(random, inner))
  else if (type instanceof Y.XmlFragment) editXml(random, type)
  else if (type instanceof Y.Text) editText(random, type)
  else if (type instanceof Y.Map) editMap(random, type)
  else editArray(random, type)
}

function childrenOf(type: SharedType): SharedType[] {
  if (type instanceof Y.Text) return []
  const values: unknown[] = type instanceof Y.Map ? [...type.values()] : type.toArray()
  return values.filter((child) => isSharedType(child))
}

function isSharedType(child: unknown): child is SharedType {
  return child instanceof Y.AbstractType
}

function editText(random: Random, text: Y.Text): void {
  const position = below(random, text.length + 1)
  const length = Math.min(below(random, 6), text.length - position)
  const chance = random()
  if (chance < 0.4) text.insert(position, pick(random, words))
  else if (chance < 0.5) text.insert(position, pick(random, words), formats(random))
  else if (chance < 0.7) text.delete(position, length)
  else if (chance < 0.85) text.format(position, length, formats(random))
  else if (chance < 0.9) text.setAttribute(pick(random, ['lang', 'dir']), pick(random, words))
  else if (chance < 0.95) text.insertEmbed(position, { image: pick(random, words), size: random() })
  else text.insertEmbed(position, newType(random), formats(random))
}

function formats(random: Random): Record<string, unknown> {
  const format = pick(random, [true, null, { href: pick(random, words) }, 7])
  return { [pick(random, ['bold', 'link', 'é'])]: format }
}

function editMap(random: Random, map: Y.Map<unknown>): void {
  const key = pick(random, ['k', 'price', 'ключ', ''])
  if (random() < 0.2) map.delete(key)
  else map.set(key, random() < 0.3 ? newType(random) : newValue(random, 3))
}

function editArray(random: Random, array: Y.Array<unknown>): void {
  const position = below(random, array.length + 1)
  const chance = random()
  if (chance < 0.3) array.delete(position, Math.min(below(random, 3), array.length - position))
  else if (chance < 0.5) array.insert(position, [newType(random)])
  else if (chance < 0.55) array.insert(position, [newSubdocument(random)])
  // By itself Yjs takes neither undefined nor a bigint into an array.
  else array.insert(position, [[newValue(random, 2)], random(), pick(random, words)])
}

function editXml(random: Random, fragment: Y.XmlFragment): void {
  const chance = random()
  if (fragment.length > 0 && chance < 0.2) fragment.delete(below(random, fragment.length), 1)
  else if (fragment instanceof Y.XmlElement && chance < 0.4) {
    fragment.setAttribute(pick(random, ['class', 'id']), pick(random, words))
  } else fragment.insert(below(random, fragment.length + 1), [newXml(random)])
}

function newXml(random: Random): Y.XmlElement | Y.XmlText {
  if (random() < 0.5) return new Y.XmlElement(pick(random, ['p', 'h1', 'ул']))
  return new Y.XmlText(pick(random, words))
}

function newType(random: Random): SharedType {
  const text = new Y.Text(pick(random, words))
  const map = new Y.Map<unknown>([['inner', newValue(random, 2)]])
  const array = new Y.Array<unknown>()
  array.insert(0, [[newValue(random, 1)], new Y.Text('deep')])
  const hook = new Y.XmlHook('hook')
  return pick<SharedType>(random, [text, map, array, hook, newXml(random), new Y.XmlFragment()])
}

function newSubdocument(random: Random): Y.Doc {
  return new Y.Doc({
    guid: `sub-${below(random, 1_000)}`,
    autoLoad: random() < 0.5,
    meta: newValue(random, 2),
  })
}

function newValue(random: Random, depth: number): unknown {
  const leaves = [
    null,
    undefined,
    true,
    false,
    0,
    -1,
    -0,
    2 ** 31,
    1e300,
    0.1,
    0.5,
    12n,
    new Uint8Array([0, 255]),
  ]
  const chance = random()
  if (depth === 0 || chance < 0.4) return pick(random, leaves)
  if (chance < 0.6) return pick(random, words)
  if (chance < 0.8) return Array.from({ length: below(random, 4) }, () => newValue(random, depth - 1))
  return Object.fromEntries(
    Array.from({ length: below(random, 4) }, () => [pick(random, words), newValue(random, depth - 1)]),
  )
}
