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
  /** The character that they were written behind; undefined: they were the first of their text. */
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
 * does who corrects what is on its way. What also names the removal that nobody had seen before it tells all that is gone, as a
 * snapshot does, and not what anybody removed.
 */
export function removedSince(
  transaction: Y.Transaction,
  updates: readonly Uint8Array[],
  noticed: readonly UnseenWords[],
): readonly CharacterRange[] {
  if (transaction.local || noticed.length === 0) return []
  const runs = noticed.flatMap((words) => words.runs)
  const { doc, deleteSet } = transaction
  const isTrusted = ({ client, clock, length }: CharacterRange): boolean =>
    clock + length <= Y.getState(doc.store, client) &&
    [...structsIn(doc, client, clock, clock + length)].every(
      (struct) =>
        struct instanceof Y.GC ||
        Y.isDeleted(deleteSet, struct.id) ||
        overlapsOf({ client, clock: struct.id.clock, length: struct.length }, runs).length > 0,
    )
  // A snapshot may come in pieces, of which one alone would look like an author's.
  const ranges = updates.flatMap((update) => rangesOf(Y.decodeUpdate(update).ds))
  return ranges.every(isTrusted) ? ranges.flatMap((range) => overlapsOf(range, runs)) : []
}

function rangesOf({ clients }: DeleteSet): readonly CharacterRange[] {
  return [...clients].flatMap(([client, ranges]) =>
    ranges.map(({ clock, len }) => ({ client, clock, length: len })),
  )
}

function overlapsOf({ client, clock, length }: CharacterRange, runs: readonly UnseenRun[]): CharacterRange[] {
  return runs.flatMap((run) => {
    const start = Math.max(clock, run.clock)
    const end = Math.min(clock + length, run.clock + run.text.length)
    return run.client === client && start < end ? [{ client, clock: start, length: end - start }] : []
  })
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

/** What Yjs did not even take in. What it took in as deleted it still has. */
function droppedOf(
  arrived: readonly Y.Item[],
  root: Y.XmlFragment,
  { doc, beforeState }: Y.Transaction,
  named: DeleteSet,
): UnseenWords[] {
  const dropped: { runs: UnseenRun[]; where: Y.RelativePosition }[] = []
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
        const text = dropped.find(({ runs }) => isNext(run, runs.at(-1)))
        if (text === undefined)
          dropped.push({ runs: [run], where: whereAbout(firstOf(item, arrived), root, doc) })
        else text.runs.push(run)
      }
    }
  }
  return dropped
}

function isNext({ behind }: UnseenRun, before: UnseenRun | undefined): boolean {
  return (
    before !== undefined &&
    behind !== undefined &&
    behind.client === before.client &&
    behind.clock === before.clock + before.text.length - 1
  )
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
  let low = 0
  let high = ranges.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const range = ranges[middle]
    if (range !== undefined && range.clock + range.len <= clock) low = middle + 1
    else high = middle
  }
  return low
}

function originOf(origin: Y.ID | null): CharacterId | undefined {
  return origin === null ? undefined : { client: origin.client, clock: origin.clock }
}

/** What it was written behind, as far back as all of that arrives with it. */
function firstOf(item: Y.Item, arrived: readonly Y.Item[]): Y.Item {
  for (let first = item; ;) {
    const { origin } = first
    const before = arrived.find(
      ({ id, length }) =>
        id.client === origin?.client && id.clock <= origin.clock && origin.clock < id.clock + length,
    )
    if (before === undefined || before === first) return first
    first = before
  }
}

/** What it stood in is gone for good: near what the same person wrote before what it stood beside. */
function whereAbout(
  { parent, origin, rightOrigin }: Y.Item,
  root: Y.XmlFragment,
  doc: Y.Doc,
): Y.RelativePosition {
  for (const id of [parent, origin, rightOrigin]) {
    if (!(id instanceof Y.ID)) continue
    const structs = doc.store.clients.get(id.client) ?? []
    for (let index = Y.findIndexSS(structs, id.clock); index >= 0; index -= 1) {
      const struct = structs[index]
      const block = struct instanceof Y.Item ? blockAround(struct, root) : undefined
      if (block !== undefined) return behindBlock(block)
    }
  }
  return Y.createRelativePositionFromTypeIndex(root, root.length, -1)
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
