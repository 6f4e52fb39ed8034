// person.ts — somebody with a device who writes in a document, and keeps count of each edit: what must be in everybody's
// document in the end. Knows: the package's public face, Yjs.
import { expect } from 'vitest'
import * as Y from 'yjs'
import type { SynclineDocument, WorkspaceOptions } from '../../client/index.ts'
import { comparisonMsMin } from '../../shared/replica-limits.ts'
import { Device, untilStatus } from '../client/device.ts'
import type { Disk } from '../client/device.ts'
import { eventually } from '../eventually.ts'
import { areStructurallyEqual } from '../stock-client.ts'

/** Each transaction of a person, as Yjs encoded it. */
export type Edits = Uint8Array[]

/** Whatever is typed here from now on, also into the Y.Doc that comes after this one. */
export function keepEditsOf(document: SynclineDocument, edits: Edits): void {
  const follow = (doc: Y.Doc): void =>
    void doc.on('update', (update: Uint8Array, _origin: unknown, _doc: Y.Doc, transaction: Y.Transaction) => {
      if (transaction.local) edits.push(update)
    })
  document.onRebuilt(follow)
  follow(document.doc)
}

export class Person implements AsyncDisposable {
  readonly edits: Edits = []
  readonly #name: string
  readonly #device: Device
  #document: SynclineDocument

  constructor(url: string, name: string, options: Partial<WorkspaceOptions> = {}, disk?: Disk) {
    this.#name = name
    this.#device = new Device(url, options, disk)
    this.#document = this.#opened()
  }

  get document(): SynclineDocument {
    return this.#document
  }

  get doc(): Y.Doc {
    return this.#document.doc
  }

  get device(): Device {
    return this.#device
  }

  goOffline(): void {
    this.#device.workspace.workOffline(true)
  }

  /** At once, whatever it was waiting for. */
  comeBack(): void {
    this.#device.workspace.workOffline(false)
    this.#device.workspace.retryNow()
  }

  /** What was typed is on this device's disk. */
  kept(): Promise<void> {
    return untilStatus(this.#document.status, ({ inMemory }) => inMemory === 0)
  }

  /** What was typed is on the relay's disk. */
  saved(): Promise<void> {
    return untilStatus(this.#document.status, ({ isSaved }) => isSaved)
  }

  live(): Promise<void> {
    return untilStatus(this.#document.status, ({ phase }) => phase === 'live')
  }

  /** The program ends in the midst of things, and is started again, without a network until it comes back. */
  async restart(): Promise<void> {
    await this.#device.kill()
    this.#device.revive()
    this.goOffline()
    this.#document = this.#opened()
    await this.#document.loaded
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#device[Symbol.asyncDispose]()
  }

  #opened(): SynclineDocument {
    const document = this.#device.open(this.#name)
    keepEditsOf(document, this.edits)
    return document
  }
}

/** The document as somebody gets it who comes now, with nothing. */
export async function newcomer(url: string, name: string): Promise<Person> {
  const person = new Person(url, name)
  await person.live()
  return person
}

/** A test that only takes too long does not say what is missing. */
const meetingMsMax = 30_000

/**
 * Everybody has everything: each edit of anybody, and nothing else, is on the relay's disk and in every document, the one
 * that the relay gives a newcomer too. [C1] [D3]
 */
export async function allMeet(
  url: string,
  documents: readonly SynclineDocument[],
  edits: Edits,
): Promise<void> {
  const all = [...documents]
  const meeting = async (): Promise<void> => {
    await Promise.all(documents.map(({ status }) => untilStatus(status, ({ isSaved }) => isSaved)))
    await using last = await newcomer(url, documents[0]!.name)
    all.push(last.document)
    const docs = all.map(({ doc }) => doc)
    await eventually(
      docs,
      () => areStructurallyEqual(docs) && docs.every((doc) => missingIn(doc, edits) === 0),
    )
  }
  await within(meetingMsMax, meeting(), () => `They do not meet.\n${howTheyStand(all, edits)}`)
  for (const { status, doc } of all) {
    expect(status.current).toMatchObject({
      inMemory: 0,
      pending: 0,
      refused: 0,
      isSaved: true,
      differs: false,
    })
    expect(doc.store.pendingStructs ?? doc.store.pendingDs).toBeNull()
  }
}

async function within(ms: number, work: Promise<unknown>, whatIsMissing: () => string): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(whatIsMissing())), ms)
  })
  await Promise.race([work, tooLate]).finally(() => clearTimeout(timer))
}

function missingIn(doc: Y.Doc, edits: Edits): number {
  const snapshot = Y.snapshot(doc)
  return edits.filter((edit) => !Y.snapshotContainsUpdate(snapshot, edit)).length
}

function howTheyStand(documents: readonly SynclineDocument[], edits: Edits): string {
  const first = documents[0]!.doc
  return documents
    .map(({ doc, status: { current } }, index) => {
      const equal = areStructurallyEqual([first, doc]) ? 'as the first' : 'other than the first'
      return `${index}: ${equal}, lacks ${missingIn(doc, edits)} of ${edits.length} edits, ${JSON.stringify(current)}`
    })
    .join('\n')
}

/** Who was compared just before the last edit is compared again a minute later, and not sooner. */
const comparedMsMax = comparisonMsMin + meetingMsMax

/** What a test needs in which documents meet and are compared. */
export const upToDateTestMsMax: number = meetingMsMax + meetingMsMax + comparedMsMax

/** Each was told so, after its document was compared with the relay's: which a replica asks for when it is quiet. [T1] */
export async function allAreUpToDate(documents: readonly SynclineDocument[]): Promise<void> {
  const all = Promise.all(documents.map(({ status }) => untilStatus(status, ({ isUpToDate }) => isUpToDate)))
  await within(comparedMsMax, all, () => `They are not up to date.\n${howTheyStand(documents, [])}`)
  for (const { status } of documents) expect(status.current).toMatchObject({ differs: false, isSaved: true })
}
