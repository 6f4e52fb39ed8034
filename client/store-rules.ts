// store-rules.ts — what the Store's contract asks of every store: how a page of entries is cut, when a precondition holds. Must
// not know: where they lie.
import { equalBytes } from '../shared/equal-bytes.ts'
import type { Entry, Range } from '../shared/store.ts'

export function pageOf(entries: Entry[], { limit, bytesMax = Infinity, reverse = false }: Range): Entry[] {
  if (reverse) entries.reverse()
  let bytes = 0
  const end = entries.findIndex(({ value }, index) => {
    bytes += value.length
    return index + 1 === limit || bytes >= bytesMax
  })
  return end === -1 ? entries : entries.slice(0, end + 1)
}

/** Undefined: there is none. */
export function isSameValue(found: Uint8Array | undefined, wanted: Uint8Array | undefined): boolean {
  return found === undefined || wanted === undefined ? found === wanted : equalBytes(found, wanted)
}
