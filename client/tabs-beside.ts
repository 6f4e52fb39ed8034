// tabs-beside.ts — the other tabs of this store: what they have open, what they say, and the line for the lead. Knows:
// locks and the channel. Must not know: machines. Where nobody else can open the store it has nothing to do.
import { holdForLife, Leadership, whenGone } from './leadership.ts'
import type { TabWord } from './tab-words.ts'

export type BesideEvents = {
  readonly won: () => void
  /** Another tab took the lead away. */
  readonly lost: () => void
  readonly heard: (word: TabWord) => void
  /** Another tab has it open now, or no other tab has any more. */
  readonly opened: (document: string) => void
  readonly closed: (document: string) => void
}

type Shared = {
  readonly name: string
  readonly leadership: Leadership
  readonly channel: BroadcastChannel
  readonly endLife: () => void
}

export class TabsBeside {
  readonly #events: BesideEvents
  readonly #tab: string = crypto.getRandomValues(new Uint32Array(4)).join('-')
  readonly #others = new Map<string, Set<string>>()
  readonly #shared: Shared | undefined
  /** A store in memory is shared with nobody, and what is said of it would be believed of the other one. [T1] */
  #hasJoined = false
  /** One post costs as much as the rest of a key's words: what is said in one turn goes out together. */
  #said: TabWord[] = []

  constructor(sharedName: string | undefined, events: BesideEvents) {
    this.#events = events
    if (sharedName === undefined) return
    const name = `syncline:${sharedName}`
    const channel = new BroadcastChannel(name)
    channel.addEventListener('message', ({ data }: MessageEvent<readonly TabWord[]>) => {
      if (this.#hasJoined) for (const word of data) this.#hear(word)
    })
    this.#shared = {
      name,
      leadership: new Leadership(navigator.locks, name, {
        ...events,
        won: () => {
          // Who stands in line counts from now, however long this tab's first term takes: the lead goes round to nobody.
          this.say({ type: 'here' })
          events.won()
        },
        asked: () => this.say({ type: 'askLeader' }),
      }),
      channel,
      endLife: holdForLife(navigator.locks, `${name}:${this.#tab}`),
    }
  }

  /** Stands in line for the lead. False: there is nobody else. */
  seek(): boolean {
    this.#hasJoined = true
    this.#shared?.leadership.seek()
    return this.#shared !== undefined
  }

  /** Gives the lead to the next in line. */
  release(): void {
    this.#shared?.leadership.release()
  }

  say(word: TabWord): void {
    if (!this.#hasJoined || this.#shared === undefined) return
    if (this.#said.push(word) === 1) queueMicrotask(() => this.#post())
  }

  #post(): void {
    // It reaches no other origin.
    // oxlint-disable-next-line unicorn/require-post-message-target-origin
    if (this.#said.length > 0) this.#shared?.channel.postMessage(this.#said.splice(0))
  }

  get openElsewhere(): ReadonlySet<string> {
    const open = new Set<string>()
    for (const documents of this.#others.values()) for (const document of documents) open.add(document)
    return open
  }

  opened(document: string): void {
    this.say({ type: 'opened', tab: this.#tab, documents: [document] })
  }

  closed(document: string): void {
    this.say({ type: 'closed', tab: this.#tab, documents: [document] })
  }

  close(): void {
    this.#shared?.leadership.close()
    this.#shared?.endLife()
    this.#post()
    this.#shared?.channel.close()
  }

  #hear(word: TabWord): void {
    switch (word.type) {
      case 'opened': {
        const documents = this.#documentsOf(word.tab)
        for (const document of word.documents) {
          documents.add(document)
          this.#events.opened(document)
        }
        return undefined
      }
      case 'closed':
        return this.#closeAll(word.tab, word.documents)
      case 'here':
        return this.#shared?.leadership.heard()
      default:
        return this.#events.heard(word)
    }
  }

  #documentsOf(tab: string): Set<string> {
    const known = this.#others.get(tab)
    if (known !== undefined) return known
    const documents = new Set<string>()
    this.#others.set(tab, documents)
    // A tab that is killed says nothing; its lock does.
    if (this.#shared !== undefined)
      whenGone(navigator.locks, `${this.#shared.name}:${tab}`, () => {
        this.#closeAll(tab, documents)
        this.#others.delete(tab)
      })
    return documents
  }

  #closeAll(tab: string, closed: Iterable<string>): void {
    const documents = this.#others.get(tab)
    for (const document of closed) {
      documents?.delete(document)
      if (!this.openElsewhere.has(document)) this.#events.closed(document)
    }
  }
}
