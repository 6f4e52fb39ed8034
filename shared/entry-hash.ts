// entry-hash.ts — the part of a push id that tells clones apart: two copies of one profile give the same counter to
// different edits.
import { digest } from 'lib0/hash/sha256'
import { hashBytes } from './message.ts'

export function entryHash(update: Uint8Array): Uint8Array {
  return digest(update).subarray(0, hashBytes)
}
