// document-state.ts — where one document's log stands, as its record on the disk says it. Must not know: keys, rooms.

/** A purged document has no content, and its name answers that it is gone until it is replaced. [E1] */
export const documentStage = { live: 0, purged: 1 } as const
export type DocumentStage = (typeof documentStage)[keyof typeof documentStage]

export type DocumentState = {
  readonly epoch: Uint8Array
  /** The oldest cursor that is still served. */
  readonly servedFrom: number
  readonly foldedThrough: number
  readonly last: number
  readonly stage: DocumentStage
}

/** The first history of every document. It needs no record, so that a relay that lost everything can be given it back. */
export const firstEpoch: Uint8Array = new Uint8Array(16)

export const newDocument: DocumentState = {
  epoch: firstEpoch,
  servedFrom: 0,
  foldedThrough: 0,
  last: 0,
  stage: documentStage.live,
}

export function isFirst(epoch: Uint8Array): boolean {
  return epoch.every((byte) => byte === 0)
}
