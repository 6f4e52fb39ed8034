// name-patterns.ts — which documents a token names, and with what rights: whole names, and beginnings of names that end
// in «*». Must not know: tokens, who asks.
import { right } from '../shared/message.ts'

/** Who may write may read. */
export type Rights = 'read' | 'write'

export type NamePattern = { readonly pattern: string; readonly rights: Rights }

export const bitsOf: { readonly [Each in Rights]: number } = {
  read: right.read,
  write: right.read + right.write,
}

export class NamePatterns {
  readonly #names = new Map<string, number>()
  readonly #beginnings = new Map<string, number>()

  constructor(patterns: readonly NamePattern[]) {
    for (const { pattern, rights } of patterns) {
      const isBeginning = pattern.endsWith('*')
      const name = isBeginning ? pattern.slice(0, -1) : pattern
      const where = isBeginning ? this.#beginnings : this.#names
      where.set(name, (where.get(name) ?? 0) | bitsOf[rights])
    }
  }

  /** Bits of `right`, of all patterns that fit together. */
  rightsOf(document: string): number {
    let rights = this.#names.get(document) ?? 0
    for (const [beginning, more] of this.#beginnings) if (document.startsWith(beginning)) rights |= more
    return rights
  }
}

/** A «*» stands at the end or nowhere: elsewhere it would promise more than it does. */
export function isPattern(pattern: string): boolean {
  const star = pattern.indexOf('*')
  return star === -1 || star === pattern.length - 1
}
