// Those who ask what changed since, told by hand what the index says: pages, answers that come late, bounds, overflow.
import { expect, test } from 'vitest'
import type { Change } from '../../shared/commit.ts'
import { documentStage } from '../../shared/document-state.ts'
import { changedDocumentsMax, changesGatherMs } from '../../shared/limits.ts'
import { right } from '../../shared/message.ts'
import { Branches } from '../../shared/seals.ts'
import { WorkspaceCursors } from '../../shared/workspace-cursor.ts'
import { Workspace } from '../../shared/workspace.ts'
import type { ReadingGrant, WorkspaceEffect } from '../../shared/workspace.ts'

const epoch = new Uint8Array(16)
const link = 7

function grantOf(readable: (document: string) => boolean, rightsVersion = 1): ReadingGrant {
  return { subject: 'ana', rightsVersion, rightsOf: (document) => (readable(document) ? right.read : 0) }
}

const everything = grantOf(() => true)

type Asking = {
  readonly follow?: boolean
  readonly grant?: ReadingGrant
  readonly by?: number
  readonly onePage?: true
}

function change(position: number, document = `d${position}`): Change {
  return { document, epoch, position, stage: documentStage.live }
}

class Story {
  head = 0
  now = 0
  effects: WorkspaceEffect[] = []
  readonly branches = new Branches([{ id: new Uint8Array(16).fill(1), first: 1 }], () => this.head)
  readonly cursors = new WorkspaceCursors(new Uint8Array(32), '', () => this.branches)
  readonly workspace = new Workspace(
    this.cursors,
    () => this.head,
    (effect) => this.effects.push(effect),
  )

  constructor(head = 0) {
    this.head = head
    this.workspace.opened()
  }

  ask(position?: number, { follow = true, grant = everything, by = link, ...page }: Asking = {}): this {
    const cursor = position === undefined ? new Uint8Array() : this.cursors.make(grant, position)
    this.workspace.take({ type: 'changesAsked', link: by, cursor, follow, grant, ...page }, this.now)
    return this
  }

  read(isEnd: boolean, ...changes: Change[]): this {
    this.workspace.take({ type: 'changesRead', link, changes, isEnd }, this.now)
    return this
  }

  commit(...documents: string[]): this {
    const changes = documents.map((document) => change((this.head += 1), document))
    this.workspace.committed(changes, this.now)
    return this
  }

  gather(): this {
    this.now += changesGatherMs
    this.workspace.take({ type: 'woken' }, this.now)
    return this
  }

  /** What was done since this was asked last. */
  done(): unknown[] {
    return this.effects.splice(0).map((effect) => {
      switch (effect.type) {
        case 'tell': {
          const { documents, full, more, cursor } = effect.message
          const names = documents.map(({ document }) => document).join(' ')
          const position = this.cursors.positionOf(cursor, everything)
          const through = more && cursor.length === 0 ? '' : ` through ${position ?? '?'}`
          return `${full ? 'full' : 'since'}: ${names}${through}${more ? ' …' : ''}`
        }
        case 'readChanges':
          return `read ${effect.after} to ${effect.through}`
        case 'learnRights':
          return `learn ${effect.documents.join(' ')}`
        case 'wakeAt':
          return `wake at ${effect.time}`
      }
    })
  }
}

test('[B1] a list is read and told page by page, the next page when the one before was told', () => {
  const story = new Story(9).ask(3)
  expect(story.done()).toEqual(['read 3 to 9'])
  story.read(false, change(4), change(6))
  expect(story.done()).toEqual(['since: d4 d6 …', 'read 6 to 9'])
  story.read(true, change(8))
  expect(story.done()).toEqual(['since: d8 through 9'])
})

test('[B1] who wants one page is told one, with a cursor that goes on behind it, and is forgotten', () => {
  const story = new Story(9).ask(undefined, { follow: false, onePage: true })
  story.read(false, change(4), change(6))
  expect(story.done()).toEqual(['read 0 to 9', 'full: d4 d6 through 6 …'])
  story.read(true, change(8)).commit('d4').gather()
  expect(story.done()).toEqual([])
  story.ask(6, { follow: false, onePage: true }).read(true, change(8), change(10, 'd4'))
  expect(story.done()).toEqual(['read 6 to 10', 'since: d8 d4 through 10'])
})

test('[S1] of pages of which nothing may be read none is told to who wants one', () => {
  const even = grantOf((document) => Number(document.slice(1)) % 2 === 0)
  const story = new Story(9).ask(0, { follow: false, onePage: true, grant: even })
  story.read(false, change(1), change(3)).read(false, change(4)).read(true, change(6))
  expect(story.done()).toEqual(['read 0 to 9', 'read 3 to 9', 'since: d4 through 4 …'])
})

test('[S1] pages of which nothing may be read are passed over; the answer ends with a word all the same', () => {
  const even = grantOf((document) => Number(document.slice(1)) % 2 === 0)
  const story = new Story(9).ask(0, { grant: even })
  story.read(false, change(1), change(3)).read(false, change(5)).read(true, change(7))
  expect(story.done()).toEqual(['read 0 to 9', 'read 3 to 9', 'read 5 to 9', 'since:  through 9'])
})

test('[B1] a slow reader’s next page is not read before it has taken the last one', () => {
  const story = new Story(9).ask(0)
  story.workspace.take({ type: 'filled', link }, 0)
  story.read(false, change(1))
  expect(story.done()).toEqual(['read 0 to 9', 'since: d1 …'])
  story.workspace.take({ type: 'drained', link }, 0)
  expect(story.done()).toEqual(['read 1 to 9'])
})

test('[B1] who asks again and again is read for once at a time, and told what was asked last', () => {
  const story = new Story(9).ask(1).ask(2).ask(3)
  expect(story.done()).toEqual(['read 1 to 9'])
  story.read(true, change(2))
  expect(story.done()).toEqual(['read 3 to 9'])
  story.read(true, change(4))
  expect(story.done()).toEqual(['since: d4 through 9'])
})

test('[C2] what is committed while a list is told is news afterwards, once', () => {
  const story = new Story(3).ask(0)
  story.commit('d1').read(true, change(2), change(3)).gather()
  expect(story.done()).toEqual([
    'read 0 to 3',
    'wake at 500',
    'since: d2 d3 through 3',
    'since: d1 through 4',
  ])
  story.gather()
  expect(story.done()).toEqual([])
})

test('[C2] who comes to a list’s end behind the news is read the index again', () => {
  const story = new Story(3).ask(0)
  story.commit('d1').gather()
  story.done()
  story.read(true, change(2), change(3))
  expect(story.done()).toEqual(['since: d2 d3 through 3', 'read 3 to 4'])
  story.read(true, change(4, 'd1'))
  expect(story.done()).toEqual(['since: d1 through 4'])
})

test('[B1] more news than a message holds is read from the index, and nothing is gathered for nobody', () => {
  const story = new Story(1).ask(1).read(true)
  story.done()
  const many = Array.from({ length: changedDocumentsMax + 1 }, (_, index) => `n${index}`)
  story.commit(...many).gather()
  expect(story.done()).toEqual(['wake at 500', `read 1 to ${story.head}`])
  const nobody = new Story(1)
  nobody.commit('a')
  expect(nobody.done()).toEqual([])
})

test('[L1] who does not follow is told once, and then forgotten', () => {
  const story = new Story(2).ask(0, { follow: false }).read(true, change(1))
  story.done()
  story.commit('a').gather()
  expect(story.done()).toEqual([])
})

test('[S1] other rights in the middle of a list begin the whole list; what was read before is nobody’s', () => {
  const story = new Story(9).ask(3)
  story.workspace.take({ type: 'grantChanged', link, grant: grantOf(() => true, 2) }, 0)
  story.read(true, change(4))
  expect(story.done()).toEqual(['read 3 to 9', 'read 0 to 9'])
  story.read(true, change(4))
  expect(story.done()).toEqual(['full: d4 through ?'])
})

test('[S1] rights that somebody has to be asked for are asked for once; who is silent allows nothing', () => {
  const known = new Map<string, number>()
  const asking: ReadingGrant = { ...everything, rightsOf: (document) => known.get(document) }
  const story = new Story(3).ask(0, { grant: asking }).read(true, change(1), change(2))
  expect(story.done()).toEqual(['read 0 to 3', 'learn d1 d2'])
  known.set('d2', right.read)
  story.workspace.take({ type: 'rightsLearnt', link }, 0)
  expect(story.done()).toEqual(['since: d2 through 3'])
})

test('[B1] of who left nothing is kept', () => {
  const story = new Story(9).ask(0)
  story.workspace.take({ type: 'left', link }, 0)
  story.read(true, change(1)).commit('a').gather()
  expect(story.done()).toEqual(['read 0 to 9'])
})
