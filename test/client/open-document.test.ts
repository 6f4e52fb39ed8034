// open-document.test.ts — one document without its machine: what is asked of it here a machine would ask.
import { expect, test } from 'vitest'
import { beginning } from '../../client/document-status.ts'
import { memoryStore } from '../../client/memory-store.ts'
import { OpenDocument } from '../../client/open-document.ts'
import type { DocumentHost } from '../../client/open-document.ts'
import { Records } from '../../client/records.ts'
import { entryKind } from '../../shared/message.ts'
import type { Change } from '../../shared/replica-batches.ts'
import type { OwnInput } from '../../shared/replica-document-words.ts'
import { rowKind } from '../../shared/replica-records.ts'

const nothing = (): void => undefined

test('[D3] who leaves a store in memory waits for what its machine has not written there yet, batch after batch', async () => {
  let ticket = 0
  const records = new Records(memoryStore())
  let document: OpenDocument | undefined
  const typed: (OwnInput & { type: 'edited' })[] = []
  /** As the machine does: one batch on its way, the next one when it has landed. */
  const writeNext = (): void => {
    const edit = typed[0]
    const ownStatus = { ...beginning, phase: 'live', inMemory: typed.length } as const
    document?.perform({ type: 'tellStatus', status: ownStatus })
    if (edit === undefined) return
    const { update, made } = edit
    const append: Change = {
      type: 'append',
      made,
      at: 1,
      kind: rowKind.pending,
      counter: 0,
      entry: entryKind.edit,
      update,
    }
    document?.perform({ type: 'write', ticket: ticket++, changes: [append] })
  }
  const host: DocumentHost = {
    store: { records, isDurable: false, said: nothing, kept: nothing },
    tab: { leads: true, step: nothing, sayPresence: nothing },
    inbox: { countOf: () => 0, read: () => Promise.resolve() },
    tell: (_name, input) => {
      if (input.type === 'edited') typed.push(input)
      if (input.type === 'edited' && typed.length === 1) writeNext()
      if (input.type === 'stored') {
        typed.shift()
        writeNext()
      }
    },
    statusChanged: nothing,
    prepare: undefined,
  }
  document = new OpenDocument('a', host)
  document.keep(true)
  document.load()
  await document.loaded
  const text = document.doc.getText('text')
  for (const word of ['one ', 'two ', 'three']) text.insert(text.length, word)
  await document.leaveStore(false)
  expect(typed).toEqual([])
  expect((await records.load('a')).rows).toHaveLength(3)
  // To be told again when the disk is read.
  expect(document.status.current.inMemory).toBe(3)
  document.forget()
})
