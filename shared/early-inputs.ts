// early-inputs.ts — what is said to a room whose document is still being read: kept in its order, within bounds. Knows:
// who came in and left meanwhile. Must not know: what comes of an input. Of who came and went nothing stays but what
// was written, so that coming and going fills nothing. [B1]
import { EarlySize } from './early-size.ts'
import { earlyLinkBytesMax, earlyLinkInputsMax } from './limits.ts'
import type { LinkId, RoomInput } from './room-words.ts'

/** The numbers of its inputs, and its share of what is kept. */
type EarlyLink = { readonly numbers: number[]; readonly size: EarlySize }

export class EarlyInputs {
  readonly #inputs = new Map<number, RoomInput>()
  #lastNumber = 0
  /** Those that came in. */
  readonly #links = new Map<LinkId, EarlyLink>()
  /** Of all rooms that wait for the same disk. */
  readonly #size: EarlySize

  constructor(size: EarlySize) {
    this.#size = size
  }

  get isEmpty(): boolean {
    return this.#inputs.size === 0
  }

  /** All of them, in the order in which they came: there is somewhere to put them now. */
  take(): readonly RoomInput[] {
    const inputs = [...this.#inputs.values()]
    for (const number of this.#inputs.keys()) this.#drop(number)
    this.#links.clear()
    return inputs
  }

  /** Returns whether there was room for it; else its link has to come again. */
  keep(input: RoomInput): boolean {
    if (!('link' in input)) {
      this.#add(input)
      return true
    }
    const link = input.type === 'joined' ? newLink() : this.#links.get(input.link)
    // What comes late of a link that has left, or was not let in, is nobody's.
    if (link === undefined) return true
    if (input.type === 'left') {
      this.#leave(input, link)
      return true
    }
    if (!link.size.add(input)) return false
    if (!this.#size.add(input)) {
      link.size.remove(input)
      return false
    }
    link.numbers.push(this.#add(input))
    this.#links.set(input.link, link)
    return true
  }

  #leave(input: RoomInput & { readonly type: 'left' }, { numbers }: EarlyLink): void {
    this.#links.delete(input.link)
    const hasWritten = numbers.some((number) => isWriting(this.#inputs.get(number)))
    if (hasWritten) this.#add(input)
    else for (const number of numbers) this.#drop(number)
  }

  #add(input: RoomInput): number {
    this.#lastNumber += 1
    const number = this.#lastNumber
    this.#inputs.set(number, input)
    return number
  }

  #drop(number: number): void {
    const input = this.#inputs.get(number)
    if (input === undefined) return
    this.#inputs.delete(number)
    if (isCounted(input)) this.#size.remove(input)
  }
}

function newLink(): EarlyLink {
  return { numbers: [], size: new EarlySize({ countMax: earlyLinkInputsMax, bytesMax: earlyLinkBytesMax }) }
}

/** There is no more of these than of what is counted, and than of what an earlier room has asked for. */
function isCounted({ type }: RoomInput): boolean {
  return type !== 'left' && type !== 'damaged'
}

/** A stock client that is gone may have been all that had it. */
function isWriting(input: RoomInput | undefined): boolean {
  return input?.type === 'updateCame' || input?.type === 'pushed'
}
