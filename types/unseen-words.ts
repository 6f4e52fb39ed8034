// unseen-words.ts — words that somebody wrote into a part of a text that another removed, changed or joined without having
// seen them: Yjs deletes them with the part, and nobody is told. Knows: Yjs. Must not know: who applies updates, what is done
// with the words. [D3]
//
// What an update's author deleted, and so had seen, is named by its own delete set. What else is deleted while it is applied
// was written unseen. Where the part itself was collected before, Yjs drops what arrives for it: then only the update has it.
import * as Y from 'yjs'

/** Of which client's text a character is, and which of it. */
export type CharacterId = { readonly client: number; readonly clock: number }

export type CharacterRange = CharacterId & { readonly length: number }

export type UnseenRun = CharacterId & {
  readonly text: string
  /** The character that they were written behind, the next that was not removed where that is known; undefined: none was. */
  readonly behind: CharacterId | undefined
}

/** Of one text, in the order in which they stood. */
export type UnseenWords = {
  readonly runs: readonly UnseenRun[]
  /** In the root: behind the block that they stood in, or what is left of that. */
  readonly where: Y.RelativePosition
}

/**
 * What a transaction that applies others' updates removes unseen: to be asked at `afterTransaction`, when Yjs still has it.
 * Updates come in causal order, as Syncline's do.
 *
 * @example
 * doc.on('afterTransaction', (transaction) => show(unseenWords(transaction, updatesIn(transaction), prose)))
 */
export function unseenWords(
  transaction: Y.Transaction,
  updates: readonly Uint8Array[],
  root: Y.XmlFragment,
): readonly UnseenWords[] {
  if (transaction.local || updates.length === 0) return []
  const decoded = updates.map((update) => Y.decodeUpdate(update))
  const named = Y.mergeDeleteSets(decoded.map(({ ds }) => ds))
  const arrived = decoded.flatMap(({ structs }) => structs.filter((struct) => struct instanceof Y.Item))
  return [...removedIn(root, transaction, named), ...droppedOf(arrived, root, transaction, named)]
}

/**
 * Which of the words that were noticed before are named now: somebody who had seen them removed them after all, as an author
 * does who corrects what is on its way.
 *
 * A snapshot, or a difference, names all that is gone, and not what anybody removed. So nothing is believed that also names what
 * was gone before, unless that is of one block, and what names it brings news of one person and nothing else: so does an author
 * who changed that block too. Only a difference that brings just that, and knows of nothing else that is gone, looks the same.
 */
export function removedSince(
  transaction: Y.Transaction,
  updates: readonly Uint8Array[],
  noticed: readonly UnseenWords[],
): readonly CharacterRange[] {
  if (transaction.local || noticed.length === 0) return []
  const { doc, deleteSet, beforeState } = transaction
  const known = clocksOf(noticed.flatMap(({ runs }) => runs))
  const decoded = updates.map((update) => Y.decodeUpdate(update))
  // A snapshot may come in pieces, of which one alone would look like an author's.
  const ranges = decoded.flatMap(({ ds }) => rangesOf(ds))
  const removed = ranges.flatMap((range) => overlapsOf(range, known))
  const hasCome = ({ client, clock, length }: CharacterRange): boolean =>
    clock + length <= Y.getState(doc.store, client)
  if (removed.length === 0 || !ranges.every(hasCome)) return []

  const isOlder = (struct: Y.Item | Y.GC): struct is Y.Item =>
    struct instanceof Y.Item &&
    struct.deleted &&
    !Y.isDeleted(deleteSet, struct.id) &&
    overlapsOf({ client: struct.id.client, clock: struct.id.clock, length: struct.length }, known).length ===
      0
  const olderIn = ({ client, clock, length }: CharacterRange): Y.Item[] =>
    [...structsIn(doc, client, clock, clock + length)].filter(isOlder)
  const telling = decoded
    .map(({ structs, ds }) => ({ structs, older: rangesOf(ds).flatMap(olderIn) }))
    .filter(({ older }) => older.length > 0)
  const [one] = telling.flatMap(({ older }) => older)
  if (one === undefined) return removed
  const block = blockOf(one)
  if (telling.some(({ older }) => older.some((item) => blockOf(item) !== block))) return []
  const isNewsOfOne = telling.every(
    ({ structs }) =>
      structs.length > 0 &&
      structs.every(
        ({ id: { client, clock } }) =>
          client === structs[0]?.id.client && clock >= (beforeState.get(client) ?? 0),
      ),
  )
  return isNewsOfOne ? removed : []
}

/** What it stands in, or is, at the top. */
function blockOf(item: Y.Item): unknown {
  const { content } = item
  return typesAround(item).at(-2) ?? (content instanceof Y.ContentType ? content.type : item)
}

function rangesOf({ clients }: DeleteSet): readonly CharacterRange[] {
  return [...clients].flatMap(([client, ranges]) =>
    ranges.map(({ clock, len }) => ({ client, clock, length: len })),
  )
}

/** Rising and apart, as Yjs has what is deleted: who was away has very many. */
function clocksOf(runs: readonly UnseenRun[]): DeleteSet {
  const clocks = Y.createDeleteSet()
  for (const { client, clock, text } of runs) {
    const ranges = clocks.clients.get(client) ?? []
    ranges.push({ clock, len: text.length })
    clocks.clients.set(client, ranges)
  }
  return Y.mergeDeleteSets([clocks])
}

function overlapsOf({ client, clock, length }: CharacterRange, { clients }: DeleteSet): CharacterRange[] {
  const overlaps: CharacterRange[] = []
  const ranges = clients.get(client) ?? []
  for (let index = firstEndingAfter(clock, ranges); index < ranges.length; index += 1) {
    const range = ranges[index]
    if (range === undefined || range.clock >= clock + length) break
    const start = Math.max(clock, range.clock)
    overlaps.push({ client, clock: start, length: Math.min(clock + length, range.clock + range.len) - start })
  }
  return overlaps
}

type DeleteSet = Y.Transaction['deleteSet']
type Words = Y.Item & { readonly content: Y.ContentString }

function isWords(struct: Y.AbstractStruct): struct is Words {
  return struct instanceof Y.Item && struct.content instanceof Y.ContentString && struct.parentSub === null
}

/** What Yjs still has. */
function removedIn(root: Y.XmlFragment, { doc, deleteSet }: Y.Transaction, named: DeleteSet): UnseenWords[] {
  const removed = new Map<Y.Item, readonly UnseenRun[]>()
  const around = new Set<unknown>()
  for (const [client, ranges] of deleteSet.clients) {
    for (const { clock, len } of ranges) {
      for (const struct of structsIn(doc, client, clock, clock + len)) {
        if (!isWords(struct)) continue
        const runs = runsOf(struct, clock, clock + len, named)
        if (runs.length === 0) continue
        removed.set(struct, runs)
        for (const type of typesAround(struct)) around.add(type)
      }
    }
  }
  if (!around.has(root)) return []
  return Y.getTypeChildren(root).flatMap((block) =>
    textsIn(block, removed, around).map((runs) => ({ runs, where: behindBlock(block) })),
  )
}

/** Text by text, those in this item. */
function textsIn(
  { content }: Y.Item,
  removed: ReadonlyMap<Y.Item, readonly UnseenRun[]>,
  around: ReadonlySet<unknown>,
): (readonly UnseenRun[])[] {
  if (!(content instanceof Y.ContentType) || !around.has(content.type)) return []
  const items = Y.getTypeChildren(content.type)
  const own = items.flatMap((item) => removed.get(item) ?? [])
  const inner = items.flatMap((item) => textsIn(item, removed, around))
  return own.length === 0 ? inner : [own, ...inner]
}

type DroppedWords = {
  readonly runs: UnseenRun[]
  /** Undefined: in another fragment. */
  readonly where: Y.RelativePosition | undefined
}

/** What Yjs did not even take in. What it took in as deleted it still has. */
function droppedOf(
  arrived: readonly Y.Item[],
  root: Y.XmlFragment,
  { doc, beforeState }: Y.Transaction,
  named: DeleteSet,
): UnseenWords[] {
  const origins = new Origins(arrived, named)
  const near = new Map<Y.Item | Y.GC, Near>()
  const dropped: DroppedWords[] = []
  const byEnd = new Map<string, DroppedWords>()
  /** The same may arrive twice. */
  const taken = new Map<number, number>()
  for (const item of arrived) {
    if (!isWords(item)) continue
    const { client, clock } = item.id
    const start = Math.max(clock, taken.get(client) ?? beforeState.get(client) ?? 0)
    const end = Math.min(clock + item.length, Y.getState(doc.store, client))
    if (start >= end) continue
    taken.set(client, end)
    for (const gone of structsIn(doc, client, start, end)) {
      if (!(gone instanceof Y.GC)) continue
      const goneEnd = Math.min(end, gone.id.clock + gone.length)
      for (const run of runsOf(item, Math.max(start, gone.id.clock), goneEnd, named)) {
        const behind = origins.wordsBehind(run.behind)
        let text = behind && byEnd.get(nameOf(behind))
        if (behind === undefined || text === undefined) {
          const where = whereAbout(origins.firstOf(item), root, doc, near)
          text = { runs: [], where }
          dropped.push(text)
        } else byEnd.delete(nameOf(behind))
        text.runs.push({ ...run, behind })
        byEnd.set(nameOf({ client, clock: run.clock + run.text.length - 1 }), text)
      }
    }
  }
  return dropped.flatMap(({ runs, where }) => (where === undefined ? [] : [{ runs, where }]))
}

function nameOf({ client, clock }: CharacterId): string {
  return `${client}:${clock}`
}

/** What was written behind what, as far back as that arrives with it. Of a long absence that is much, and is built when asked. */
class Origins {
  readonly #arrived: readonly Y.Item[]
  readonly #named: DeleteSet
  #byClient: ReadonlyMap<number, readonly Y.Item[]> | undefined
  readonly #traced = new Map<Y.Item, { readonly first: Y.Item; readonly behind: CharacterId | undefined }>()

  constructor(arrived: readonly Y.Item[], named: DeleteSet) {
    this.#arrived = arrived
    this.#named = named
  }

  firstOf(item: Y.Item): Y.Item {
    return this.#trace(item).first
  }

  /** This one, or if nobody misses it the next before it that somebody may. */
  wordsBehind(id: CharacterId | undefined): CharacterId | undefined {
    const item = this.#itemWith(id)
    if (id === undefined || item === undefined) return id
    if (isWords(item)) {
      const ranges = this.#named.clients.get(id.client) ?? []
      const range = ranges[firstEndingAfter(id.clock, ranges)]
      if (range === undefined || range.clock > id.clock) return id
      if (range.clock > item.id.clock) return { client: id.client, clock: range.clock - 1 }
    }
    return this.#trace(item).behind
  }

  #trace(item: Y.Item): { readonly first: Y.Item; readonly behind: CharacterId | undefined } {
    const untraced: Y.Item[] = []
    for (let at: Y.Item | undefined = item; at !== undefined && !this.#traced.has(at);) {
      // Whoever made them go round in a circle is answered too. [W1]
      this.#traced.set(at, { first: at, behind: originOf(at.origin) })
      untraced.push(at)
      at = this.#itemWith(originOf(at.origin))
    }
    // From the first on: each then asks for one that is known.
    for (const at of untraced.toReversed()) {
      const origin = originOf(at.origin)
      const before = this.#itemWith(origin)
      if (before !== undefined)
        this.#traced.set(at, { first: this.firstOf(before), behind: this.wordsBehind(origin) })
    }
    return this.#traced.get(item) ?? { first: item, behind: originOf(item.origin) }
  }

  #itemWith(id: CharacterId | undefined): Y.Item | undefined {
    if (id === undefined) return undefined
    this.#byClient ??= risingByClient(this.#arrived)
    const items = this.#byClient.get(id.client) ?? []
    const item = items[firstWhere(items, (one) => one.id.clock + one.length > id.clock)]
    return item !== undefined && item.id.clock <= id.clock ? item : undefined
  }
}

/** Without those that lie in another. */
function risingByClient(items: readonly Y.Item[]): ReadonlyMap<number, readonly Y.Item[]> {
  const byClient = new Map<number, Y.Item[]>()
  const rising = items.toSorted(({ id, length }, other) => id.clock - other.id.clock || other.length - length)
  for (const item of rising) {
    const { client, clock } = item.id
    const own = byClient.get(client)
    const before = own?.at(-1)
    if (own === undefined || before === undefined) byClient.set(client, [item])
    else if (before.id.clock + before.length < clock + item.length) own.push(item)
  }
  return byClient
}

/** What of it lies in these clocks, and was named by nobody. */
function runsOf({ id, content, origin }: Words, start: number, end: number, named: DeleteSet): UnseenRun[] {
  const { client, clock } = id
  const runs: UnseenRun[] = []
  const add = (from: number, to: number): void => {
    if (from >= to) return
    const behind = from > clock ? { client, clock: from - 1 } : originOf(origin)
    runs.push({ client, clock: from, text: content.str.slice(from - clock, to - clock), behind })
  }
  const last = Math.min(end, clock + content.str.length)
  let from = Math.max(start, clock)
  const ranges = named.clients.get(client) ?? []
  for (let index = firstEndingAfter(from, ranges); index < ranges.length; index += 1) {
    const range = ranges[index]
    if (range === undefined || range.clock >= last) break
    add(from, Math.min(range.clock, last))
    from = Math.max(from, range.clock + range.len)
  }
  add(from, last)
  return runs
}

function* structsIn({ store }: Y.Doc, client: number, start: number, end: number): Iterable<Y.Item | Y.GC> {
  const structs = store.clients.get(client) ?? []
  for (let index = Y.findIndexSS(structs, start); index < structs.length; index += 1) {
    const struct = structs[index]
    if (struct === undefined || struct.id.clock >= end) return
    yield struct
  }
}

/** They rise: of a long history there are very many. */
function firstEndingAfter(clock: number, ranges: readonly { clock: number; len: number }[]): number {
  return firstWhere(ranges, (range) => range.clock + range.len > clock)
}

/** Of ones that all are from some one on. */
function firstWhere<One>(ones: readonly One[], is: (one: One) => boolean): number {
  let low = 0
  let high = ones.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const one = ones[middle]
    if (one !== undefined && !is(one)) low = middle + 1
    else high = middle
  }
  return low
}

function originOf(origin: Y.ID | null): CharacterId | undefined {
  return origin === null ? undefined : { client: origin.client, clock: origin.clock }
}

/** A block of the root, or a removed part of another fragment; undefined: neither. */
type Near = Y.Item | 'elsewhere' | undefined

/**
 * What it stood in is gone for good: near what the same person wrote before what it stood beside. Where that is a removed part
 * of another fragment, which is told to who asks for that one, it was in there too. Where it is nothing of any, the words are
 * told here: better at the wrong end than nowhere.
 */
function whereAbout(
  { parent, origin, rightOrigin }: Y.Item,
  root: Y.XmlFragment,
  doc: Y.Doc,
  known: Map<Y.Item | Y.GC, Near>,
): Y.RelativePosition | undefined {
  const near = [parent, origin, rightOrigin].map((id) =>
    id instanceof Y.ID ? nearestBefore(id, root, doc, known) : undefined,
  )
  const block = near.find((one) => one instanceof Y.Item)
  if (block !== undefined) return behindBlock(block)
  return near.includes('elsewhere') ? undefined : Y.createRelativePositionFromTypeIndex(root, root.length, -1)
}

/** Many ask from places behind each other: what is between was passed once. */
function nearestBefore(
  { client, clock }: Y.ID,
  root: Y.XmlFragment,
  { store }: Y.Doc,
  known: Map<Y.Item | Y.GC, Near>,
): Near {
  const structs = store.clients.get(client) ?? []
  const passed: (Y.Item | Y.GC)[] = []
  let near: Near
  for (let index = Y.findIndexSS(structs, clock); near === undefined && index >= 0; index -= 1) {
    const struct = structs[index]
    if (struct === undefined) break
    if (known.has(struct)) {
      near = known.get(struct)
      break
    }
    passed.push(struct)
    if (struct instanceof Y.Item) near = blockAround(struct, root) ?? elsewhere(struct, root)
  }
  for (const struct of passed) known.set(struct, near)
  return near
}

/** Elements and texts stand in elements, characters in texts: it is one that had some. */
function elsewhere(item: Y.Item, root: Y.XmlFragment): Near {
  if (!item.deleted || item.parentSub !== null || !(item.parent instanceof Y.XmlFragment)) return undefined
  const outermost = typesAround(item).at(-1)
  return outermost !== root && outermost instanceof Y.XmlFragment ? 'elsewhere' : undefined
}

function blockAround(item: Y.Item, root: Y.XmlFragment): Y.Item | undefined {
  const types = typesAround(item)
  if (types.at(-1) !== root) return undefined
  const outermost = types.at(-2)
  if (outermost === undefined) return item
  return Y.getTypeChildren(root).find(
    ({ content }) => content instanceof Y.ContentType && content.type === outermost,
  )
}

/** From the innermost outwards. */
function typesAround({ parent }: Y.Item): readonly unknown[] {
  const types: unknown[] = []
  let type = parent instanceof Y.AbstractType ? parent : null
  for (; type !== null; type = type.parent) types.push(type)
  return types
}

/** A deleted one keeps its place among those at the top. */
function behindBlock(block: Y.Item): Y.RelativePosition {
  return new Y.RelativePosition(null, null, block.lastId, -1)
}
