// passed-in.ts — what an application passes in, looked at where it comes in: else it fails far from there, or not at all.
// Must not know: what any of it is for.
import { decodeUtf8, encodeUtf8 } from 'lib0/string'
import { documentNameBytesMax, tokenBytesMax } from '../shared/limits.ts'
import { indexedPlace } from './indexed-place.ts'
import type { StorePlace } from './store-place.ts'
import { SynclineError } from './syncline-error.ts'

export function checkedName(name: unknown): string {
  return checkedText('name', name, 1, documentNameBytesMax)
}

export function checkedToken(token: unknown): string {
  return checkedText('token', token, 0, tokenBytesMax)
}

/** What else a platform takes for no address, it says when a socket is made. */
export function checkUrl(url: string): void {
  if (!/^wss?:\/\/[^#]+$/i.test(url))
    throw new SynclineError('bad-url', 'The url of a relay begins with ws:// or wss://, and has no #.')
}

/** A promise of a store is none. */
export function placeOf(store: unknown): StorePlace {
  if (isPlace(store)) return store
  if (typeof store === 'string' && 'indexedDB' in globalThis) return indexedPlace(store)
  throw new SynclineError('no-store', 'This is no store here: await openLevelStore(), or pass a MemoryStore.')
}

function isPlace(store: unknown): store is StorePlace {
  return store instanceof Object && 'open' in store
}

function checkedText(what: 'name' | 'token', text: unknown, bytesMin: number, bytesMax: number): string {
  if (typeof text === 'string') {
    const bytes = encodeUtf8(text)
    if (bytes.length >= bytesMin && bytes.length <= bytesMax && decodeUtf8(bytes) === text) return text
  }
  throw new SynclineError(
    `bad-${what}`,
    `A ${what} has ${bytesMin} to ${bytesMax} bytes of well-formed text.`,
  )
}
