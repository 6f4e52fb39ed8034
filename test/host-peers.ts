// host-peers.ts — the relay's host without a network: peers of both wires whose words arrive at once, on a disk that
// writes when the test says so. Knows: both codecs. Must not know: what the machines ought to say.
import { RelayHost } from '../server/relay-host.ts'
import { WorkshopHere } from '../server/workshop-here.ts'
import type { Workshop } from '../server/workshop.ts'
import type { HostConnection } from '../server/host-connection.ts'
import { unchanging } from '../server/live-grant.ts'
import type { LiveGrant } from '../server/live-grant.ts'
import { refusal } from '../server/refusals.ts'
import { entryKind, knowledgeKind, want, wireVersion } from '../shared/message.ts'
import type { Knowledge, Message, MessageOf, PushEntry } from '../shared/message.ts'
import type { DocumentClass } from '../shared/overload.ts'
import { decodeStockFrame, encodeStep1, encodeUpdate } from '../shared/stock-wire.ts'
import type { StockMessage } from '../shared/stock-wire.ts'
import type { Store } from '../shared/store.ts'
import { decodeFrame, encodeMessage } from '../shared/wire.ts'
import { chanceFrom } from './chance.ts'
import { SimulatedDisk } from './sim/disk.ts'

export const everyRight = 3

export function grantFor(rights: number | ((document: string) => number), tenant = ''): LiveGrant {
  const rightsOf = typeof rights === 'number' ? () => rights : rights
  return unchanging({ tenant, subject: '', expiresAt: undefined, rightsVersion: 1, rightsOf })
}

/** One relay and its disk. A token is the rights that it gives, as a number. */
export class TestRelay {
  disk: SimulatedDisk
  readonly reports: string[] = []
  now = 1_000_000
  workshop: Workshop = new WorkshopHere()
  /** Of tokens that are no number. */
  readonly grants = new Map<string, LiveGrant>()
  classOf: (document: string) => DocumentClass = () => 'normal'
  #nextId = 1
  #turns: (() => void)[] = []
  readonly #wakeTimes = new Set<number>()
  #host: RelayHost | undefined
  #store: Store | undefined

  constructor(disk?: SimulatedDisk) {
    this.disk = disk ?? new SimulatedDisk({ chance: chanceFrom(1), writeWaits: () => undefined })
  }

  async start(): Promise<this> {
    this.#store = this.disk.open()
    const opening = RelayHost.open({
      store: this.#storeOfNow(),
      workshop: this.workshop,
      durability: 'synced',
      now: () => this.now,
      randomId: () => Uint8Array.from({ length: 16 }, () => this.#nextId++ % 256),
      wakeAt: (time) => {
        this.#wakeTimes.add(time)
      },
      turnEnds: (then) => this.#turns.push(then),
      soon: (_ms, then) => this.#turns.push(then),
      grantOf: async (token) =>
        token === 'wrong' ? refusal('token-signature') : (this.grants.get(token) ?? grantFor(Number(token))),
      report: ({ code }) => this.reports.push(code),
      classOf: (_tenant, document) => this.classOf(document),
    })
    await this.write()
    this.#host = await opening
    return this
  }

  /** As a repair leaves it that has lost something. */
  putBack(disk: SimulatedDisk): void {
    this.disk = disk
    this.#store = disk.open()
    this.host.startAnew()
  }

  /** To the host it is one store, whatever is repaired behind it. */
  #storeOfNow(): Store {
    return new Proxy<Partial<Store>>(
      {},
      {
        get: (_target, name) => {
          const part: unknown = Reflect.get(this.#store ?? {}, name)
          return typeof part === 'function' ? part.bind(this.#store) : part
        },
      },
    ) as Store
  }

  get host(): RelayHost {
    if (this.#host === undefined) throw new Error('The relay was not started.')
    return this.#host
  }

  /** Lets all that can happen without the disk happen. */
  async think(): Promise<void> {
    for (let turn = 0; turn < 400; turn++) {
      for (const then of this.#turns.splice(0)) then()
      await Promise.resolve()
    }
  }

  /** Lets the disk write all that waits, and what comes of it. */
  async write(): Promise<void> {
    do {
      await this.think()
      this.disk.settle()
      await this.think()
    } while (this.disk.waiting > 0)
  }

  /** Lets time pass; the relay is woken when it asked to be, and no sooner. */
  async pass(ms: number): Promise<void> {
    const end = this.now + ms
    for (let at = Math.min(...this.#wakeTimes); at <= end; at = Math.min(...this.#wakeTimes)) {
      this.now = Math.max(this.now, at)
      this.#wakeTimes.delete(at)
      this.host.woke()
      await this.write()
    }
    this.now = end
  }

  /** Everything in memory is gone. */
  die(): void {
    this.disk.crash('power')
    this.#host = undefined
    this.#turns = []
  }
}

export class NativePeer {
  readonly heard: Message[] = []
  readonly ended: { code: number; reason: string }[] = []
  /** Nothing is read of it; here it may be made to speak all the same. */
  isHeld = false
  readonly replica: Uint8Array
  bytesHeard = 0
  bytesSaid = 0
  readonly #connection: HostConnection
  #counter = 0
  #room = 0

  constructor(
    relay: { readonly host: RelayHost },
    name: number,
    token: string = String(everyRight),
    secret = 7,
  ) {
    this.replica = new Uint8Array(16).fill(name)
    this.#connection = relay.host.connectNative({
      send: (frames) => {
        this.heard.push(...frames.flatMap(decodeFrame))
        for (const frame of frames) this.bytesHeard += frame.length
      },
      end: (code, reason) => this.ended.push({ code, reason }),
      hold: (on) => {
        this.isHeld = on
      },
    })
    this.say(
      {
        type: 'hello',
        versions: [wireVersion],
        capabilities: 0,
        replica: this.replica,
        secret: new Uint8Array(32).fill(secret),
        trace: '',
      },
      { type: 'authenticate', token },
    )
  }

  say(...messages: Message[]): void {
    for (const message of messages) {
      const frame = encodeMessage(message)
      this.bytesSaid += frame.length
      this.#connection.received(frame)
    }
  }

  /** As it is, whether or not it could be said. */
  frame(frame: Uint8Array): void {
    this.#connection.received(frame)
  }

  open(document = 'story', knowledge: Knowledge = { kind: knowledgeKind.nothing }, link = 1): void {
    this.say({ type: 'open', link, document, wants: want.write + want.presence, knowledge })
  }

  push(update: Uint8Array, kind: PushEntry['kind'] = entryKind.edit): PushEntry {
    this.#counter++
    const entry = { counter: this.#counter, hash: new Uint8Array(16).fill(this.#counter), kind, update }
    this.pushAgain(entry)
    return entry
  }

  pushAgain(entry: PushEntry, link = 1): void {
    this.say({ type: 'push', link, entries: [entry] })
  }

  askChanges(cursor: Uint8Array = new Uint8Array(), follow = false): void {
    this.say({ type: 'changes', cursor, follow })
  }

  lose(): void {
    this.#connection.lost()
  }

  fill(): void {
    this.#connection.filled()
  }

  drain(): void {
    this.#connection.drained()
  }

  /** Takes all that was heard of one type. */
  take<Type extends Message['type']>(type: Type): MessageOf<Type>[] {
    const taken = this.heard.filter((message): message is MessageOf<Type> => message.type === type)
    const rest = this.heard.filter((message) => message.type !== type)
    this.heard.splice(0, Infinity, ...rest)
    return taken
  }

  opened(): MessageOf<'opened'> {
    const [opened] = this.take('opened')
    if (opened === undefined) throw new Error('It was not opened.')
    this.#room = opened.room
    return opened
  }

  get room(): number {
    return this.#room
  }
}

export class StockPeer {
  readonly heard: StockMessage[] = []
  readonly ended: { code: number; reason: string }[] = []
  /** Nothing is read of it; here it may be made to speak all the same. */
  isHeld = false
  readonly #connection: HostConnection

  constructor(relay: { readonly host: RelayHost }, document = 'story', rights = everyRight, tenant = '') {
    this.#connection = relay.host.connectStock(
      {
        send: (frames) => this.heard.push(...frames.flatMap(decodeStockFrame)),
        end: (code, reason) => this.ended.push({ code, reason }),
        hold: (on) => {
          this.isHeld = on
        },
      },
      document,
      grantFor(rights, tenant),
    )
  }

  ask(stateVector: Uint8Array = Uint8Array.of(0)): void {
    this.#connection.received(encodeStep1(stateVector))
  }

  update(update: Uint8Array): void {
    this.#connection.received(encodeUpdate(update))
  }

  bytes(frame: Uint8Array): void {
    this.#connection.received(frame)
  }

  lose(): void {
    this.#connection.lost()
  }

  /** It says that it ends. */
  close(): void {
    this.#connection.lost(true)
  }

  fill(): void {
    this.#connection.filled()
  }

  drain(): void {
    this.#connection.drained()
  }
}
