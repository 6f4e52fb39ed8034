// open-documents.ts — the documents that this tab works on, by name, opened here or for others, and of which ones the relay
// lacks something. Must not know: machines, stores; what is done for a document it does itself.
import { OpenDocument } from './open-document.ts'
import type { DocumentHost } from './open-document.ts'

export class OpenDocuments {
  readonly #byName = new Map<string, OpenDocument>()
  readonly #waiting = new Set<string>()
  readonly #host: DocumentHost

  constructor(host: DocumentHost) {
    this.#host = host
  }

  get all(): readonly OpenDocument[] {
    return [...this.#byName.values()]
  }

  /** Names of those that the relay lacks something of. */
  get waiting(): readonly string[] {
    return [...this.#waiting]
  }

  find(name: string): OpenDocument | undefined {
    return this.#byName.get(name)
  }

  /** From now on there is one. */
  named(name: string): OpenDocument {
    const document = this.#byName.get(name) ?? new OpenDocument(name, this.#host)
    this.#byName.set(name, document)
    return document
  }

  forget(name: string): void {
    this.#byName.get(name)?.forget()
    this.#byName.delete(name)
    this.#waiting.delete(name)
  }

  /** The outbox names them. What is open tells by itself. */
  unsentFound(names: readonly string[]): void {
    for (const name of names) if (!this.#byName.has(name)) this.#waiting.add(name)
  }

  /** Another tab hears now what becomes of those that are not here. */
  forgetUnsent(): void {
    for (const name of this.#waiting) if (!this.#byName.has(name)) this.#waiting.delete(name)
  }

  statusChanged({ name, isAnswered, status }: OpenDocument): void {
    if (!isAnswered) this.#waiting.add(name)
    else if (status.current.phase !== 'loading') this.#waiting.delete(name)
  }
}
