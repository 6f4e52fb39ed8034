// counter.ts — a number to which many add at once, offline too, and no addition is lost or counted twice. Knows: Yjs, and
// nothing of Syncline. Must not know: who else adds. Why it is right: docs/TYPES.md.
import type * as Y from 'yjs'
import { CounterError } from './counter-error.ts'
import { sessionKey } from './session-key.ts'

const largest = BigInt(Number.MAX_SAFE_INTEGER)

/**
 * The counter of this name, of a document or of a map in it. It exists as soon as somebody adds.
 *
 * @example
 * const likes = counter(doc, 'likes')
 * likes.add(1)
 * const stop = likes.subscribe(() => console.log(likes.current))
 */
export function counter<Value>(parent: Y.Doc | Y.Map<Value>, name: string): Counter
// Whatever an application says is in its map: nothing is read there without being looked at.
export function counter(parent: Y.Doc | Y.Map<unknown>, name: string): Counter {
  return 'getMap' in parent ? new Counter(parent.getMap(name), '') : new Counter(parent, `${name}:`)
}

export class Counter {
  /** What holds it: for the scope of a Y.UndoManager. */
  readonly type: Y.Map<unknown>
  readonly #prefix: string

  constructor(type: Y.Map<unknown>, prefix: string) {
    this.type = type
    this.#prefix = prefix
  }

  /** Exact up to ±(2^53 − 1). Beyond, where only additions made at once can lead, the nearest number there is. */
  get current(): number {
    return Number(this.#sum())
  }

  /** Calls back after each transaction that changed it, until what this returns is called. */
  readonly subscribe = (listener: () => void): (() => void) => {
    const typeOnChange = ({ keysChanged }: Y.YMapEvent<unknown>): void => {
      if ([...keysChanged].some((key) => this.#isTally(key))) listener()
    }
    this.type.observe(typeOnChange)
    return () => this.type.unobserve(typeOnChange)
  }

  add(amount: number): void {
    this.#count(exact(amount))
  }

  subtract(amount: number): void {
    this.#count(-exact(amount))
  }

  #count(change: bigint): void {
    const { doc } = this.type
    if (doc === null)
      throw new CounterError('not-in-a-document', 'Put the map into a document first, then count in it.')
    if (change === 0n) return
    doc.transact(({ origin }) => {
      const key = this.#prefix + sessionKey(doc, origin)
      const tally = tallyFrom(this.type.get(key)) + change
      refuseFarther(tally, change)
      refuseFarther(this.#sum() + change, change)
      this.type.set(key, Number(tally))
    })
  }

  #sum(): bigint {
    let sum = 0n
    this.type.forEach((value, key) => {
      if (this.#isTally(key)) sum += tallyFrom(value)
    })
    return sum
  }

  /** A longer name that begins like this one's is another counter's. */
  #isTally(key: string): boolean {
    return key.startsWith(this.#prefix) && !key.includes(':', this.#prefix.length)
  }
}

/** Anybody who may write may write anything: what is no number counts as nothing, and never makes the sum none. */
function tallyFrom(value: unknown): bigint {
  return typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : 0n
}

function exact(amount: number): bigint {
  if (!Number.isInteger(amount))
    throw new CounterError('not-an-integer', `Only whole numbers can be added, and ${amount} is none.`)
  if (!Number.isSafeInteger(amount)) throw tooLarge()
  return BigInt(amount)
}

/** Back from beyond is always allowed. */
function refuseFarther(sum: bigint, change: bigint): void {
  if (change > 0n ? sum > largest : sum < -largest) throw tooLarge()
}

function tooLarge(): CounterError {
  return new CounterError('too-large', 'A counter is exact up to 2^53 − 1, and this would lead beyond.')
}
