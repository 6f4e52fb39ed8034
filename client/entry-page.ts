// entry-page.ts — one page of the entries that a range has, as the Store's contract cuts it. Must not know: where they lie.
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
