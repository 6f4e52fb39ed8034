// open-documents.test.ts — which documents of a device the relay lacks something of, as one tab knows it.
import { expect, test } from 'vitest'
import { beginning } from '../../client/document-status.ts'
import { memoryStore } from '../../client/memory-store.ts'
import { OpenDocuments } from '../../client/open-documents.ts'
import { Records } from '../../client/records.ts'

const nothing = (): void => undefined

function documentsOfATab(): OpenDocuments {
  const documents: OpenDocuments = new OpenDocuments({
    store: { records: new Records(memoryStore()), isDurable: true, said: nothing, kept: nothing },
    tab: { leads: true, step: nothing, sayPresence: nothing },
    inbox: { countOf: () => 0, read: () => Promise.resolve() },
    tell: nothing,
    statusChanged: (document) => documents.statusChanged(document),
    prepare: undefined,
  })
  return documents
}

test('[T1] a document of the outbox waits until it was read and has nothing left to send', () => {
  const documents = documentsOfATab()
  documents.unsentFound(['story'])
  const story = documents.named('story')
  const said = (pending: number): void =>
    story.perform({ type: 'tellStatus', status: { ...beginning, phase: 'live', pending } })
  expect(documents.waiting).toEqual(['story'])
  said(2)
  expect(documents.waiting).toEqual(['story'])
  said(0)
  expect(documents.waiting).toEqual([])
})

test('[T1] a tab that leads no more forgets what it never had here: another one hears of it', () => {
  const documents = documentsOfATab()
  documents.unsentFound(['elsewhere', 'open'])
  documents.named('open')
  documents.forgetUnsent()
  expect(documents.waiting).toEqual(['open'])
})
