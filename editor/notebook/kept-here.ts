// kept-here.ts — the few words that this browser keeps for the page beside its documents: who sits here, their token, what
// they have seen. Where it keeps nothing, or has no room left, they are known until this tab goes.
import { nameHere } from '../place.ts'

const inThisTab = new Map<string, string>()
const storage = storageOrNone()

export const isKept = storage !== undefined

export function kept(name: string): string | undefined {
  return inThisTab.get(name) ?? storage?.getItem(nameHere(name)) ?? undefined
}

export function keep(name: string, words: string): void {
  inThisTab.set(name, words)
  if (storage === undefined) return
  try {
    storage.setItem(nameHere(name), words)
    // From here on other tabs may say something newer.
    inThisTab.delete(name)
  } catch (error) {
    if (!(error instanceof DOMException)) throw error
    // No room is left. What was there is older.
    storage.removeItem(nameHere(name))
  }
}

/** What else wrote there, or wrote it before, may be anything. */
export function keptJson(name: string): unknown {
  try {
    return JSON.parse(kept(name) ?? 'null')
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** A browser that lets no site keep anything refuses even to be asked. */
function storageOrNone(): Storage | undefined {
  try {
    return localStorage
  } catch (error) {
    if (error instanceof DOMException) return undefined
    throw error
  }
}
