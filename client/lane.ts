// lane.ts — work that is done one after the other, at once where nothing stands before it. Must not know: what is done.

export class Lane {
  #tail: Promise<void> | undefined

  /** Undefined: it is done. */
  run(work: () => Promise<void> | undefined): Promise<void> | undefined {
    const tail = this.#tail === undefined ? work() : this.#tail.then(work)
    if (tail === undefined) return undefined
    this.#tail = tail
    void tail.finally(() => {
      if (this.#tail === tail) this.#tail = undefined
    })
    return tail
  }
}
