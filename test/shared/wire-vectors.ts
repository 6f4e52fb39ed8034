// wire-vectors.ts — test/vectors/wire.json as messages: hex to bytes, by the names of the fields that the file itself
// says are bytes. Any implementation would begin with these lines. It reads; nothing here ever writes the file.

import { readFileSync } from 'node:fs'

import type { Message } from '../../shared/message.ts'

type MessageVector = { readonly name: string; readonly hex: string; readonly message: Message }
type FrameVector = { readonly name: string; readonly hex: string; readonly messages: readonly Message[] }
type FragmentVector = {
  readonly name: string
  readonly frames: readonly string[]
  readonly message: Message
  readonly between?: readonly Message[]
}
type InvalidVector = { readonly name: string; readonly hex: string; readonly error: string }

export type WireVectors = {
  readonly wireVersion: number
  readonly bytesFields: readonly string[]
  readonly messages: readonly MessageVector[]
  readonly frames: readonly FrameVector[]
  readonly tolerated: readonly FrameVector[]
  readonly fragments: readonly FragmentVector[]
  readonly invalid: readonly InvalidVector[]
}

export function readWireVectors(): WireVectors {
  const text = readFileSync(new URL('../vectors/wire.json', import.meta.url), 'utf8')
  const raw = JSON.parse(text) as WireVectors
  const bytesFields = new Set(raw.bytesFields)
  return JSON.parse(text, (key, value: unknown) => {
    if (!bytesFields.has(key)) return value
    return Array.isArray(value) ? value.map(bytesFromHex) : bytesFromHex(value)
  }) as WireVectors
}

export function bytesFromHex(hex: unknown): Uint8Array {
  if (typeof hex !== 'string' || !/^(?:[0-9a-f]{2})*$/.test(hex))
    throw new Error(`${String(hex)} is not hex.`)
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}

export function hexFromBytes(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
