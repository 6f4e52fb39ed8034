// A tenant told by hand what came of its effects, in the order that a slow disk and a slow fold may bring about.
import * as Y from 'yjs'
import { expect, test } from 'vitest'
import { documentStage, newDocument } from '../../shared/document-state.ts'
import { foldRowsMin } from '../../shared/limits.ts'
import { closedCode, entryKind, knowledgeKind } from '../../shared/message.ts'
import type { LoadedUpdate, RoomInput } from '../../shared/room-words.ts'
import { Joins } from '../../shared/joins.ts'
import { Overload } from '../../shared/overload.ts'
import { Tenant } from '../../shared/tenant.ts'
import type { TenantEffect, TenantInput } from '../../shared/tenant-words.ts'

const document = 'story'
const { epoch } = newDocument
const epochAfter = new Uint8Array(16).fill(7)
const hash = new Uint8Array(16)

function updateOf(client: number): Uint8Array {
  const doc = new Y.Doc()
  doc.clientID = client
  doc.getText('text').insert(0, 'x')
  return Y.encodeStateAsUpdate(doc)
}

const noSnapshot = { pieces: [], state: undefined }

const loadedEmpty = {
  type: 'loaded',
  document: newDocument,
  hasHole: false,
  snapshot: noSnapshot,
  rows: [],
  answers: [],
  claims: [],
} as const

function joinedBy(link: number): RoomInput {
  return {
    type: 'joined',
    link,
    number: 1,
    wire: 'native',
    replica: new Uint8Array(16).fill(1),
    mayWrite: true,
    wantsPresence: false,
    knowledge: { kind: knowledgeKind.nothing },
  }
}

class Story {
  readonly overload = new Overload()
  readonly tenant = new Tenant({
    name: '',
    key: new Uint8Array(32),
    nextRoom: () => 1,
    isJudged: () => false,
    documentBytesMax: Infinity,
    classOf: () => 'normal',
    overload: this.overload,
    joins: new Joins(this.overload, 0),
  })
  effects: TenantEffect[] = []

  constructor(rowCount = 0) {
    this.tell({ type: 'storeRead', head: 5_000, branches: [], minted: new Uint8Array(16), cleanUps: [] })
    this.tell({ type: 'written' })
    this.happened(joinedBy(1))
    const update = updateOf(1)
    const rows: LoadedUpdate[] = Array.from({ length: rowCount }, (_, index) => {
      return { update, author: undefined, position: index + 1 }
    })
    const state = { ...newDocument, last: rowCount }
    this.tell({ type: 'documentRead', document, loaded: { ...loadedEmpty, document: state, rows } })
  }

  tell(input: TenantInput): this {
    this.effects.push(...this.tenant.step(input, 0))
    return this
  }

  happened(input: RoomInput): this {
    return this.tell({ type: 'happened', document, input })
  }

  push(counter: number): this {
    const entry = { counter, hash, kind: entryKind.edit, update: updateOf(100 + counter) }
    return this.happened({ type: 'pushed', link: 1, entries: [entry] })
  }

  replace(request = 1, by = epochAfter): this {
    const replacement = { epoch: by, stage: documentStage.live, pieces: [] }
    return this.tell({ type: 'replaceAsked', document, request, by: replacement })
  }

  commit(): this {
    return this.tell({ type: 'turnEnded' }).tell({ type: 'written' })
  }

  performed(input: RoomInput, of = epoch): this {
    return this.tell({ type: 'performed', document, epoch: of, input })
  }

  all<Type extends TenantEffect['type']>(type: Type): Extract<TenantEffect, { type: Type }>[] {
    return this.effects.filter(
      (effect): effect is Extract<TenantEffect, { type: Type }> => effect.type === type,
    )
  }

  asked(): string[] {
    return this.all('perform').map(({ effect }) => effect.type)
  }

  forget(): this {
    this.effects = []
    return this
  }
}

/** Its fold is being made. */
function folding(): Story {
  const story = new Story(foldRowsMin).push(1).commit()
  expect(story.asked()).toContain('makeFold')
  return story.forget()
}

test('[E1] a history is removed only after the fold of it that is being made has written its last piece', () => {
  for (const input of [
    { type: 'foldMade', through: 5_001, bytes: 1 },
    { type: 'foldEnded', succeeded: false },
  ] as const) {
    const story = folding().replace().commit()
    expect(story.all('replaced')).toEqual([{ type: 'replaced', request: 1 }])
    expect(story.all('cleanUp')).toEqual([])
    story.forget().performed(input)
    expect(story.all('cleanUp')).toEqual([{ type: 'cleanUp', document, epoch }])
    expect(story.tell({ type: 'turnEnded' }).all('write')).toEqual([])
  }
})

test('[E1] a fold that was made and does not count yet will not: its history is removed at once', () => {
  const before = folding().performed({ type: 'foldMade', through: 5_001, bytes: 1 }).replace().commit()
  const behind = folding().replace().performed({ type: 'foldMade', through: 5_001, bytes: 1 }).commit()
  for (const story of [before, behind]) {
    const [write] = story.all('write')
    expect(write?.commit.documents).toMatchObject([{ state: { epoch: epochAfter, foldedThrough: 5_002 } }])
    expect(story.all('cleanUp')).toEqual([{ type: 'cleanUp', document, epoch }])
    expect(story.asked()).not.toContain('dropFolded')
  }
})

test('[E1] a fold of the old history that comes late moves nothing in the new one', () => {
  const story = folding().replace().commit()
  story.happened(joinedBy(2))
  const state = { ...newDocument, epoch: epochAfter, last: 5_002, foldedThrough: 5_002, servedFrom: 5_002 }
  story.tell({ type: 'documentRead', document, loaded: { ...loadedEmpty, document: state } }).forget()
  story.performed({ type: 'foldMade', through: 5_001, bytes: 1 }).tell({ type: 'turnEnded' })
  expect(story.all('write')).toEqual([])
})

test('[E1] a fold of the old history that comes while the new one is still being read moves nothing in it either', () => {
  for (const input of [
    { type: 'foldMade', through: 5_001, bytes: 1 },
    { type: 'foldEnded', succeeded: false },
  ] as const) {
    const story = folding().replace().commit()
    story.happened(joinedBy(2)).forget()
    story.performed(input)
    expect(story.all('cleanUp')).toEqual([{ type: 'cleanUp', document, epoch }])
    const state = { ...newDocument, epoch: epochAfter, last: 5_002, foldedThrough: 5_002, servedFrom: 5_002 }
    story.tell({ type: 'documentRead', document, loaded: { ...loadedEmpty, document: state } })
    expect(story.forget().tell({ type: 'turnEnded' }).all('write')).toEqual([])
  }
})

test('[C1] what of a document turns out to be damaged while it is being read sends away who came in meanwhile', () => {
  const story = folding().replace().commit()
  story.happened(joinedBy(2)).forget().performed({ type: 'damaged' })
  expect(story.effects).toEqual([])
  const state = { ...newDocument, epoch: epochAfter, last: 5_002, foldedThrough: 5_002, servedFrom: 5_002 }
  story.tell({ type: 'documentRead', document, loaded: { ...loadedEmpty, document: state } })
  expect(story.all('perform').map(({ effect }) => effect)).toContainEqual(
    expect.objectContaining({ type: 'close', link: 2, code: closedCode.notNow }),
  )
})

test('[E1] all links hear it after the commit, acks of what was on its way before it', () => {
  const story = new Story().push(1).replace().push(2)
  story.tell({ type: 'turnEnded' })
  expect(story.forget().all('perform')).toEqual([])
  story.tell({ type: 'written' })
  const said = story.all('perform').map(({ effect }) => effect)
  expect(said.map(({ type }) => type)).toEqual(['tell', 'tell', 'close'])
  expect(said.flatMap((effect) => (effect.type === 'tell' ? [effect.message.type] : []))).toEqual(
    expect.arrayContaining(['delivery', 'ack']),
  )
  expect(said.at(-1)).toMatchObject({ type: 'close', link: 1, code: closedCode.replaced })
})

test('[E1] a second replacement waits for the first, and is of the history that this one began', () => {
  const third = new Uint8Array(16).fill(8)
  const story = new Story().replace(1).replace(2, third)
  story.commit()
  expect(story.all('replaced')).toEqual([{ type: 'replaced', request: 1 }])
  expect(story.all('readDocument')).toHaveLength(2)
  const state = { ...newDocument, epoch: epochAfter, last: 5_001, foldedThrough: 5_001, servedFrom: 5_001 }
  story
    .forget()
    .tell({ type: 'documentRead', document, loaded: { ...loadedEmpty, document: state } })
    .commit()
  const [write] = story.all('write')
  expect(write?.commit.cleanUp).toEqual([{ document, epoch: epochAfter }])
  expect(write?.commit.documents).toMatchObject([{ state: { epoch: third, last: 5_002 }, lastWas: 5_001 }])
  expect(story.all('replaced')).toEqual([{ type: 'replaced', request: 2 }])
})

test('[P1] a fold writes down whose the client ids are of the rows that it takes', () => {
  const story = folding().performed({ type: 'foldMade', through: 5_001, bytes: 1 })
  story.tell({ type: 'turnEnded' })
  const [write] = story.all('write')
  expect(write?.commit.claims).toEqual([
    { document, epoch, claims: [{ author: new Uint8Array(8).fill(1), clients: [101] }] },
  ])
})
