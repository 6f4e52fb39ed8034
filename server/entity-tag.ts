// entity-tag.ts — what names one state of a document in HTTP: its epoch and its last position. Must not know: HTTP's rules
// for using it.
import type { DocumentState } from '../shared/document-state.ts'
import type { ReadForm } from './workshop.ts'

type Place = Pick<DocumentState, 'epoch' | 'last'>

/** Two forms of the same state have different bytes, and so different tags. */
export function tagOf({ epoch, last }: Place, form: ReadForm = 'update'): string {
  return `"${Buffer.from(epoch).toString('hex')}.${last}${form === 'json' ? '.json' : ''}"`
}

/** The position that a tag of either form names; undefined: it is not of this history. */
export function positionIn(tag: string, { epoch }: Place): number | undefined {
  const [, history, position] = /^"([0-9a-f]{32})\.(\d{1,16})(?:\.json)?"$/.exec(tag) ?? []
  return history === Buffer.from(epoch).toString('hex') ? Number(position) : undefined
}
