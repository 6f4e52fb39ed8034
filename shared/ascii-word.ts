// ascii-word.ts — whether bytes are exactly an ASCII word, without decoding them. Must not know: which words matter.

export function spells(word: string, bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start !== word.length) return false
  for (let index = 0; index < word.length; index++) {
    if (bytes[start + index] !== word.charCodeAt(index)) return false
  }
  return true
}
