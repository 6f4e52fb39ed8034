// shared-tab.ts — this tab among those that share its store: performs what the Tab machine asks for, and says and hears what
// tabs say to each other. Knows: who leads, the term, what others have open. Must not know: sockets, tokens, Y.Docs.
import type { PresenceEntry } from '../shared/message.ts'
import type { OwnInput } from '../shared/replica-document-words.ts'
import type { ReplicaInput, ReplicaStatus } from '../shared/replica-words.ts'
import { Tab } from '../shared/tabs.ts'
import type { TabEffect, TabInput } from '../shared/tabs.ts'
import { unreachable } from '../shared/unreachable.ts'
import { Alarm } from './alarm.ts'
import type { DeviceStore } from './device-store.ts'
import type { OpenDocument } from './open-document.ts'
import type { TabWord } from './tab-words.ts'
import { TabsBeside } from './tabs-beside.ts'

export type SharedTabHost = {
  readonly store: DeviceStore
  readonly document: (name: string) => OpenDocument | undefined
  /** The leader's status, for those who follow to show, and for the leader to say. */
  readonly relay: () => ReplicaStatus | undefined
  readonly leaderSaid: (relay: ReplicaStatus) => void
  readonly inboxChanged: () => void
  readonly retried: () => void
  /** Resolves when what is open has been read, or does not come. */
  readonly settled: () => Promise<void>
  readonly step: (input: ReplicaInput) => void
  /** The outbox has edits of them. */
  readonly unsentFound: (documents: readonly string[]) => void
  readonly tell: (document: string, input: OwnInput) => void
  /** In turn with all other inputs of machines. */
  readonly run: (work: () => void) => void
}

export class SharedTab {
  readonly #host: SharedTabHost
  readonly #machine = new Tab()
  readonly #alarm = new Alarm(() => this.step({ type: 'woken' }))
  readonly #beside: TabsBeside
  #ledTerm: number | undefined

  constructor(sharedName: string | undefined, host: SharedTabHost) {
    this.#host = host
    this.#beside = new TabsBeside(sharedName, {
      won: () => this.step({ type: 'leadershipWon' }),
      lost: () => {
        this.step({ type: 'leadershipLost' })
        this.#beside.seek()
      },
      heard: (word) => this.#hear(word),
      opened: (document) => this.#openForOthers(document),
      closed: (document) => this.#closeForOthers(document),
    })
  }

  /** It leads, and its Replica knows. */
  get leads(): boolean {
    const { leading } = this.#machine
    return leading.is === 'leading' && leading.term === this.#ledTerm
  }

  get role(): 'following' | 'leading' | 'alone' {
    const { leading } = this.#machine
    if (leading.is !== 'leading') return 'following'
    return leading.isAlone ? 'alone' : 'leading'
  }

  step(input: TabInput): void {
    this.#host.run(() => {
      for (const effect of this.#machine.step(input, Date.now())) this.#perform(effect)
    })
  }

  /** Stands in line for the lead, where somebody else could have it. */
  seek(isShared: boolean): void {
    if (!isShared || !this.#beside.seek()) this.step({ type: 'locksMissing' })
  }

  /** Who is alone keeps the lead: nobody else could take it. */
  freeze(): void {
    if (this.role === 'alone') return
    this.#beside.release()
    this.step({ type: 'leadershipLost' })
  }

  thaw(): void {
    this.step({ type: 'thawed' })
    if (this.role !== 'alone') this.#beside.seek()
  }

  close(): void {
    this.#beside.close()
    this.#alarm.stop()
  }

  // What is said.

  say(word: TabWord): void {
    this.#beside.say(word)
  }

  opened(document: string): void {
    this.#beside.opened(document)
  }

  /** Whether the machine has to go on for others. */
  closed(document: string): boolean {
    this.#beside.closed(document)
    return this.leads && this.#beside.openElsewhere.has(document)
  }

  sayStatus(status: ReplicaStatus): void {
    if (this.leads) this.say({ type: 'status', status })
  }

  sayStatusOf(document: OpenDocument | undefined): void {
    if (document !== undefined && this.leads)
      this.say({ type: 'documentStatus', document: document.name, ...document.word })
  }

  sayPresence(document: string, entries: readonly PresenceEntry[]): void {
    this.say({ type: 'presence', isOwn: true, document, entries })
    if (this.leads) this.#host.step({ type: 'presenceSaid', document, entries })
  }

  // What is heard.

  #hear(word: TabWord): void {
    switch (word.type) {
      case 'hint':
        this.step({ ...word, type: 'hinted' })
        if (this.leads && this.#host.document(word.document) === undefined) {
          this.#host.unsentFound([word.document])
          this.#host.step({ type: 'unsentFound', document: word.document })
        }
        return
      case 'roll':
        return this.step({ type: 'rollCalled' })
      case 'status':
        return this.leads ? undefined : this.#host.leaderSaid(word.status)
      case 'documentStatus':
        return this.leads ? undefined : this.#host.document(word.document)?.leaderSaid(word)
      case 'presence':
        this.#host.document(word.document)?.hear(word.entries)
        if (word.isOwn && this.leads) this.#host.step({ ...word, type: 'presenceSaid' })
        return
      case 'inboxChanged':
        return this.#host.inboxChanged()
      case 'retry':
        return this.#host.retried()
      case 'workOffline':
        return this.#host.step({ type: 'workOfflineSet', isOn: word.isOn })
      case 'askLeader':
        return this.leads ? void this.#sayHere() : undefined
      case 'here':
      case 'opened':
      case 'closed':
        // TabsBeside has heard them.
        return
      default:
        // A tab with a newer version of the page may say more.
        word satisfies never
    }
  }

  /** Not by who was robbed, nor while the store does not answer: that one refuses is an answer. */
  async #sayHere(): Promise<void> {
    const isOver = await this.#host.store.records.isTermOver().catch(() => false)
    if (isOver) this.step({ type: 'fenced' })
    else this.say({ type: 'here' })
  }

  #openForOthers(document: string): void {
    if (!this.leads) return
    this.#host.step({ type: 'documentOpened', document })
    this.sayStatusOf(this.#host.document(document))
    const relay = this.#host.relay()
    if (relay !== undefined) this.sayStatus(relay)
  }

  #closeForOthers(name: string): void {
    if (this.leads && this.#host.document(name)?.isKept !== true)
      this.#host.step({ type: 'documentClosed', document: name })
  }

  // What the machine asks for.

  #perform(effect: TabEffect): void {
    switch (effect.type) {
      case 'readRows': {
        const document = this.#host.document(effect.document)
        return this.#host.store.follow(async () => document?.readRows(effect.after))
      }
      case 'tellRows': {
        const { document, rows, head } = effect
        return this.#host.tell(document, { type: 'rowsRead', rows, head })
      }
      case 'hint':
        return this.say(effect)
      case 'claimTerm':
        return this.#host.store.follow(async () => {
          const term = await this.#host.store.records.claimTerm()
          this.step(term === undefined ? { type: 'claimFailed' } : { type: 'termClaimed', term })
        })
      case 'lead':
        return this.#host.store.follow(() => this.#lead(effect.term))
      case 'stepDown':
        this.#ledTerm = undefined
        return this.#host.step({ type: 'steppedDown' })
      case 'releaseLock':
        this.#beside.release()
        this.#beside.seek()
        return undefined
      case 'callRoll':
        return this.say({ type: 'roll' })
      case 'answerRoll':
        for (const document of effect.documents) this.#beside.opened(document)
        return undefined
      case 'wakeAt':
        return this.#alarm.set(effect.time)
      default:
        return unreachable(effect)
    }
  }

  async #lead(term: number): Promise<void> {
    // An outbox may be as long as what somebody waits to see.
    await this.#host.settled()
    const device = await this.#host.store.records.device()
    const { leading } = this.#machine
    if (leading.is !== 'leading' || leading.term !== term) return
    this.#ledTerm = term
    this.#host.unsentFound(device.unsent)
    this.#host.step({ type: 'led', ...device })
    for (const document of this.#beside.openElsewhere) this.#openForOthers(document)
  }
}
