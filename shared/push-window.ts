// push-window.ts — which document pushes next on the one socket: in turns, so many without an answer at a time. Knows:
// documents that want, and what each has open. Must not know: entries. [B1]
import { pushesOpenMax } from './replica-limits.ts'

export class PushWindow {
  readonly #wanting = new Set<string>()
  readonly #open = new Map<string, number>()

  want(document: string): void {
    this.#wanting.add(document)
  }

  /** The next one that may push. It has the place until it frees it. */
  grant(): string | undefined {
    let open = 0
    for (const count of this.#open.values()) open += count
    if (open >= pushesOpenMax) return undefined
    for (const document of this.#wanting) {
      this.#wanting.delete(document)
      this.#open.set(document, (this.#open.get(document) ?? 0) + 1)
      return document
    }
    return undefined
  }

  free(document: string, count: number): void {
    const left = (this.#open.get(document) ?? 0) - count
    if (left > 0) this.#open.set(document, left)
    else this.#open.delete(document)
  }

  forget(document: string): void {
    this.#wanting.delete(document)
    this.#open.delete(document)
  }

  clear(): void {
    this.#wanting.clear()
    this.#open.clear()
  }
}
