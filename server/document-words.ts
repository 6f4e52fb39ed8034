// document-words.ts — what a relay and its thread for documents say to each other. Knows: what travels, and that lots of
// small updates travel as one piece of memory, which is handed over and not copied. Must not know: Y.Docs, threads.
import type { Held, ReadForm, WorkErrorCode } from './workshop.ts'

export type Work = { readonly name: string } & (
  | { readonly is: 'held' }
  | { readonly is: 'snapshot' }
  | { readonly is: 'digest' }
  | { readonly is: 'drop' }
  | { readonly is: 'begin'; readonly epoch: string }
  | { readonly is: 'take'; readonly packed: Packed; readonly through: number }
  | { readonly is: 'difference'; readonly stateVector: Uint8Array }
  | { readonly is: 'read'; readonly form: ReadForm }
)

/** One for each piece of work, in the order of the asking. */
export type Result =
  | { readonly is: 'held'; readonly held: Held | undefined }
  | { readonly is: 'made'; readonly updates: readonly Uint8Array<ArrayBuffer>[] }
  | {
      readonly is: 'failed'
      readonly code: WorkErrorCode | undefined
      readonly message: string
      readonly index: number | undefined
    }

export type Packed = { readonly bytes: Uint8Array<ArrayBuffer>; readonly lengths: Uint32Array }

export function packed(updates: readonly Uint8Array[]): Packed {
  const lengths = Uint32Array.from(updates, ({ length }) => length)
  const bytes = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0))
  let at = 0
  for (const update of updates) {
    bytes.set(update, at)
    at += update.length
  }
  return { bytes, lengths }
}

export function unpacked({ bytes, lengths }: Packed): Uint8Array[] {
  let at = 0
  return Array.from(lengths, (length) => bytes.subarray(at, (at += length)))
}
