// document-class.ts — the application's word on how much a document matters when the relay has too much to do. Knows: its
// function, which may be wrong. Must not know: what is then put off.
import type { DocumentClass } from '../shared/overload.ts'
import type { Report } from './notice.ts'

/** Asked for each link that comes in, so it answers at once; a document of which it says nothing true is `normal`. */
export type DocumentClassOf = (place: { readonly tenant: string; readonly document: string }) => DocumentClass

const classes: ReadonlySet<unknown> = new Set<DocumentClass>(['critical', 'normal', 'bulk'])

export function documentClasses(
  documentClass: DocumentClassOf | undefined,
  report: Report,
): ((tenant: string, document: string) => DocumentClass) | undefined {
  if (documentClass === undefined) return undefined
  return (tenant, document) => {
    try {
      const answer = documentClass({ tenant, document })
      if (classes.has(answer)) return answer
      throw new TypeError('Its answer is none of «critical», «normal» and «bulk».')
    } catch (error) {
      report({ code: 'class-unknown', tenant, document, cause: error })
      return 'normal'
    }
  }
}
