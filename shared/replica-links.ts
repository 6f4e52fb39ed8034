// replica-links.ts — which number stands for which document on the one socket: ours (link) and the relay's (room). A new
// link has a new number, so that what is said of an old one finds nobody. Must not know: messages.

export class Links {
  readonly #documentOfLink = new Map<number, string>()
  readonly #documentOfRoom = new Map<number, string>()
  readonly #linkOf = new Map<string, number>()
  #last = 0

  open(document: string): number {
    this.#last += 1
    this.#linkOf.set(document, this.#last)
    this.#documentOfLink.set(this.#last, document)
    return this.#last
  }

  opened(link: number, room: number): string | undefined {
    const document = this.#documentOfLink.get(link)
    if (document !== undefined) this.#documentOfRoom.set(room, document)
    return document
  }

  /** The link that was, if there was one. */
  close(document: string): number | undefined {
    const link = this.#linkOf.get(document)
    if (link === undefined) return undefined
    this.#linkOf.delete(document)
    this.#documentOfLink.delete(link)
    return link
  }

  linkOf(document: string): number | undefined {
    return this.#linkOf.get(document)
  }

  ofLink(link: number): string | undefined {
    return this.#documentOfLink.get(link)
  }

  ofRoom(room: number): string | undefined {
    return this.#documentOfRoom.get(room)
  }

  clear(): void {
    this.#documentOfLink.clear()
    this.#documentOfRoom.clear()
    this.#linkOf.clear()
    this.#last = 0
  }
}
