// early-size.ts — how much is kept of what came before there was anywhere to put it. Knows: numbers, bytes, texts, and
// what holds them. Must not know: what any of it means, who keeps it, what is said when it is too much. [B1]

/** An object, or a view of bytes, however little it holds. */
const objectBytes = 64

type Limits = { readonly countMax: number; readonly bytesMax: number }

export class EarlySize {
  readonly #limits: Limits
  #count = 0
  #bytes = 0
  /** What came in a frame is a view of it: all of the frame stays for as long as one view does, and counts once. */
  readonly #frames = new Map<ArrayBufferLike, number>()

  constructor(limits: Limits) {
    this.#limits = limits
  }

  /** Returns whether there was room for it; else it counts for nothing, and is not to be kept. */
  add(early: object): boolean {
    this.#count += 1
    this.#weigh(early, 1)
    if (this.#count <= this.#limits.countMax && this.#bytes <= this.#limits.bytesMax) return true
    this.remove(early)
    return false
  }

  remove(early: object): void {
    this.#count -= 1
    this.#weigh(early, -1)
  }

  #weigh(value: unknown, sign: 1 | -1): void {
    if (typeof value === 'string') this.#bytes += sign * 2 * value.length
    if (typeof value !== 'object' || value === null) return
    this.#bytes += sign * objectBytes
    if (value instanceof Uint8Array) this.#view(value.buffer, sign)
    else for (const part of Object.values(value)) this.#weigh(part, sign)
  }

  #view(frame: ArrayBufferLike, sign: 1 | -1): void {
    const before = this.#frames.get(frame) ?? 0
    const after = before + sign
    if (after === 0) this.#frames.delete(frame)
    else this.#frames.set(frame, after)
    if (before === 0 || after === 0) this.#bytes += sign * frame.byteLength
  }
}
