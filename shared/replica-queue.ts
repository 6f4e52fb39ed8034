// replica-queue.ts — things in an order, of which there may be a hundred thousand: each is put in, found and taken out for
// the same little, as long as it belongs near one of the ends. Must not know: what is in it, and why it stands there.

type Place<Item> = {
  readonly item: Item
  before: Place<Item> | undefined
  behind: Place<Item> | undefined
}

export class Queue<Item> {
  readonly #places = new Map<Item, Place<Item>>()
  #first: Place<Item> | undefined
  #last: Place<Item> | undefined

  get first(): Item | undefined {
    return this.#first?.item
  }

  get isEmpty(): boolean {
    return this.#first === undefined
  }

  *[Symbol.iterator](): Generator<Item, undefined> {
    for (let place = this.#first; place !== undefined; place = place.behind) yield place.item
  }

  /** At the end, or before all there that have to stand behind it. */
  add(item: Item, standsBehind: (other: Item) => boolean = () => false): void {
    let before = this.#last
    while (before !== undefined && standsBehind(before.item)) before = before.before
    this.#put(item, before, before === undefined ? this.#first : before.behind)
  }

  /** In front, or behind all there that have to stand before it. */
  addFirst(item: Item, standsBefore: (other: Item) => boolean = () => false): void {
    let behind = this.#first
    while (behind !== undefined && standsBefore(behind.item)) behind = behind.behind
    this.#put(item, behind === undefined ? this.#last : behind.before, behind)
  }

  remove(item: Item): void {
    const place = this.#places.get(item)
    if (place === undefined) return
    this.#places.delete(item)
    if (place.before === undefined) this.#first = place.behind
    else place.before.behind = place.behind
    if (place.behind === undefined) this.#last = place.before
    else place.behind.before = place.before
  }

  #put(item: Item, before: Place<Item> | undefined, behind: Place<Item> | undefined): void {
    const place = { item, before, behind }
    this.#places.set(item, place)
    if (before === undefined) this.#first = place
    else before.behind = place
    if (behind === undefined) this.#last = place
    else behind.before = place
  }
}
