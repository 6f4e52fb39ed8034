// replica-device.ts — a device's leading tab whose disk always works and whose relay speaks by hand.

import type { ComeBack, GoodbyeCode, Message } from '../../shared/message.ts'
import { newHead, newPlace } from '../../shared/replica-records.ts'
import { Replica } from '../../shared/replica.ts'
import { claimBatch } from '../../shared/replica-workspace.ts'
import type { ReplicaEffect, ReplicaInput, ReplicaStatus } from '../../shared/replica-words.ts'
import { atHead, bytes, epochA, MapStore, readAndWrite, seal, tagOf } from './replica-story.ts'

export class Device {
  readonly store = new MapStore()
  readonly replica: Replica
  now = 0
  effects: ReplicaEffect[] = []
  status: ReplicaStatus | undefined
  random = 0.5
  readonly #inputs: ReplicaInput[] = []
  #isRunning = false
  #leads = false

  constructor(followsWorkspace = false) {
    this.store.write(claimBatch(0))
    this.replica = new Replica({ random: 0, trace: 'trace', followsWorkspace, wants: 1 })
  }

  lead(unsent: string[] = []): this {
    this.#leads = true
    return this.tell({
      type: 'led',
      replica: new Uint8Array(16),
      secret: new Uint8Array(16),
      owner: undefined,
      unsent,
      toFetch: [],
      workspaceCursor: bytes(),
    })
  }

  open(...documents: string[]): this {
    for (const document of documents) this.tell({ type: 'documentOpened', document })
    return this
  }

  edit(document: string, ...values: number[]): this {
    const made = { epoch: new Uint8Array(), generation: 0 }
    return this.tell({
      type: 'document',
      document,
      input: { type: 'edited', update: bytes(...values), made },
    })
  }

  online(): this {
    return this.lead()
      .tell({ type: 'tokenGiven', token: 't' })
      .connect()
      .hear({
        type: 'welcome',
        version: 1,
        capabilities: 0,
        time: 5_000,
        durability: 0,
        silenceMs: 20_000,
        entryBytesMax: 1_000,
      })
      .hear({ type: 'authenticated', tenant: '', subject: '', expiresInMs: 0, rightsVersion: 1 })
  }

  get socket(): number {
    return this.effects.findLast((effect) => effect.type === 'connect')!.socket
  }

  connect(): this {
    return this.tell({ type: 'connected', socket: this.socket })
  }

  hear(...messages: readonly Message[]): this {
    return this.tell({ type: 'received', socket: this.socket, messages })
  }

  opened(document: string, room: number): this {
    const { link } = this.sent('open').findLast((message) => message.document === document)!
    return this.hear({
      type: 'opened',
      link,
      room,
      rights: readAndWrite,
      epoch: epochA,
      head: 0,
      seal,
      plan: atHead,
    })
  }

  cut(): this {
    return this.tell({ type: 'disconnected', socket: this.socket, random: this.random })
  }

  goodbye(code: GoodbyeCode, back: ComeBack, afterMs = 0): this {
    return this.hear({ type: 'goodbye', code, comeBack: back, afterMs, reason: 'text' }).cut()
  }

  wait(ms: number): this {
    this.now += ms
    return this.tell({ type: 'woken' })
  }

  tell(input: ReplicaInput): this {
    this.#inputs.push(input)
    if (this.#isRunning) return this
    this.#isRunning = true
    for (let next = this.#inputs.shift(); next !== undefined; next = this.#inputs.shift()) {
      for (const effect of this.replica.step(next, this.now)) this.#perform(effect)
    }
    this.#isRunning = false
    return this
  }

  #perform(effect: ReplicaEffect): void {
    this.effects.push(effect)
    if (effect.type === 'tellStatus') this.status = effect.status
    else if (effect.type === 'loadDocument') this.#load(effect.document)
    else if (effect.type === 'document' && effect.effect.type === 'write') {
      const { ticket, changes } = effect.effect
      const plan = this.store.plan(changes, effect.document, tagOf(effect.document), 1)
      this.store.write(plan.batch)
      const { sequences, filed, head } = plan
      const input = { type: 'stored', ticket, sequences, filed, head } as const
      this.tell({ type: 'document', document: effect.document, input })
    }
  }

  #load(document: string): void {
    const head = this.store.head(tagOf(document)) ?? newHead
    const place = this.store.place(tagOf(document)) ?? newPlace(document)
    const pending = this.store
      .rows(tagOf(document))
      .filter(({ row }) => row.kind === 1)
      .map(({ sequence, row }) => ({ sequence, counter: row.counter, kind: row.entry, update: row.update }))
    const input = { type: 'loaded', leads: this.#leads, head, place, pending, filed: 0 } as const
    this.tell({ type: 'document', document, input })
  }

  forget(): this {
    this.effects = this.effects.filter(({ type }) => type === 'connect').slice(-1)
    return this
  }

  sent<Type extends Message['type']>(type: Type): Extract<Message, { readonly type: Type }>[] {
    return this.effects
      .flatMap((effect): Message[] => (effect.type === 'send' ? [effect.message] : []))
      .filter((message): message is Extract<Message, { readonly type: Type }> => message.type === type)
  }

  types(): string[] {
    return this.effects.map(({ type }) => type)
  }
}
