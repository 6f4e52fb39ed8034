// client-groups.ts — pairs of numbers in the order in which an update gives them, grouped by client. Knows: where
// each client's pairs lie, and whether a client comes twice. Must not know: what the pairs are. All lie in one
// flat array, because two bytes of a hostile update can make a pair, so a pair may cost no more than itself. [B1]

/** The pairs of one client lie at the indexes `start` up to `end` of `numbers`. */
export type VisitClient = (client: number, numbers: readonly number[], start: number, end: number) => boolean

export class ClientGroups {
  /** For each client its id, the index behind its last pair, and its pairs. */
  protected readonly numbers: number[] = []
  protected lastClient: number | undefined
  /** Where the id of the last client lies. */
  #header = 0
  #clientCount = 0
  #isFalling = true

  /** Whether `holds` is true for every client, asked in order and not further than the first that is not. */
  everyClient(holds: VisitClient): boolean {
    const { numbers } = this
    for (let header = 0; header < numbers.length;) {
      const end = numberAt(numbers, header + 1)
      if (!holds(numberAt(numbers, header), numbers, header + 2, end)) return false
      header = end
    }
    return true
  }

  /** Whether a client has two groups. Clients that fall, as Yjs writes them, need no search. */
  hasClientTwice(): boolean {
    if (this.#isFalling) return false
    const clients = new Float64Array(this.#clientCount)
    let count = 0
    this.everyClient((client) => {
      clients[count++] = client
      return true
    })
    const sorted = clients.toSorted()
    return sorted.some((client, index) => client === sorted[index - 1])
  }

  protected pushPair(client: number, first: number, second: number): void {
    const { numbers, lastClient } = this
    if (client === lastClient) {
      numbers.push(first, second)
      numbers[this.#header + 1] = numbers.length
    } else {
      if (lastClient !== undefined && client > lastClient) this.#isFalling = false
      this.lastClient = client
      this.#clientCount += 1
      this.#header = numbers.length
      numbers.push(client, numbers.length + 4, first, second)
    }
  }
}

/** The number at an index that must exist. */
export function numberAt(numbers: readonly number[], index: number): number {
  const number = numbers[index]
  if (number === undefined) throw new RangeError(`There is no number at ${index}.`)
  return number
}
