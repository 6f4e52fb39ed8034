// batch-line.ts — a batch of the relay's store in one line of a trace: the letters of its records, and positions where
// there are any. Must not know: what the records say.
import type { Batch } from '../../shared/store.ts'

export function lineOf({ put = [], remove = [], removeRange = [] }: Batch): string {
  const parts: string[] = []
  if (put.length > 0) parts.push(`put ${put.map(({ key }) => nameOf(key)).join(' ')}`)
  if (remove.length > 0) parts.push(`remove ${remove.map(nameOf).join(' ')}`)
  for (const { from, to } of removeRange) parts.push(`remove ${nameOf(from)} to ${nameOf(to)}`)
  return parts.join(', ')
}

function nameOf(key: Uint8Array): string {
  const letter = String.fromCharCode(key[0] ?? 0)
  return letter === 'r' || letter === 's'
    ? letter + new DataView(key.buffer, key.byteOffset).getUint32(key.length - 4)
    : letter
}
