// unreachable.ts — the end of an exhaustive switch. A value gets here only in a broken program.

export function unreachable(value: never): never {
  throw new Error(`Nothing of this kind exists: ${JSON.stringify(value)}`)
}
