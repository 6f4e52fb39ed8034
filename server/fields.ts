// fields.ts — a value from outside as what it may have in it: bytes from outside are `unknown` until somebody has looked.
// Must not know: what the fields are for.

export type Fields = { readonly [name: string]: unknown }

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null
}
