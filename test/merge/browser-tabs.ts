// browser-tabs.ts — a browser in Node: tabs that share a disk, Web Locks and a channel, and that can be closed, or end between
// any two turns. Knows: the package's public face, and what of a browser it asks for.
import { randomUUID } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { vi } from 'vitest'
import { WebSocket } from 'ws'
import { MemoryStore, openWorkspace } from '../../client/index.ts'
import type { SynclineDocument, Workspace, WorkspaceOptions } from '../../client/index.ts'
import { closedStore } from '../../shared/store.ts'
import type { Batch, Range, Store } from '../../shared/store.ts'
import { keepEditsOf } from './person.ts'
import type { Edits } from './person.ts'

/** Of the platform: each tab puts its own in its place. */
const PlatformChannel = globalThis.BroadcastChannel

type SocketClass = NonNullable<WorkspaceOptions['socketClass']>
type Grant = (lock: object) => unknown
type Wish = {
  readonly name: string
  readonly mode: 'exclusive' | 'shared'
  readonly grant: () => Promise<void>
}

/** Web Locks of one browser: who asks first is granted first. */
class Locks {
  #waiting: Wish[] = []
  #held: Wish[] = []

  ask(wish: Wish): void {
    this.#waiting.push(wish)
    this.#grantNext(wish.name)
  }

  /** Given back, or nobody wants it any more. */
  drop(wish: Wish): void {
    this.#waiting = this.#waiting.filter((other) => other !== wish)
    this.#held = this.#held.filter((other) => other !== wish)
    this.#grantNext(wish.name)
  }

  #grantNext(name: string): void {
    const next = this.#waiting.find((wish) => wish.name === name)
    if (next === undefined) return
    const holders = this.#held.filter((wish) => wish.name === name)
    if (holders.length > 0 && (next.mode === 'exclusive' || holders.some(({ mode }) => mode === 'exclusive')))
      return
    this.#waiting = this.#waiting.filter((wish) => wish !== next)
    this.#held.push(next)
    void next.grant().finally(() => this.drop(next))
    this.#grantNext(name)
  }
}

export class Tab {
  readonly document: SynclineDocument
  readonly workspace: Workspace
  readonly edits: Edits = []
  readonly #locks: Locks
  readonly #wishes = new Set<Wish>()
  readonly #sockets = new Set<WebSocket>()
  #isDead = false

  constructor(url: string, name: string, disk: Store, locks: Locks, sharedName: string) {
    this.#locks = locks
    this.#beTheOneThatRuns()
    this.workspace = openWorkspace({
      url,
      store: { isDurable: true, sharedName, open: () => Promise.resolve(this.#viewOf(disk)) },
      socketClass: this.#socketClass(),
    })
    this.document = this.workspace.open(name)
    keepEditsOf(this.document, this.edits)
  }

  async close(): Promise<void> {
    await this.workspace.close()
  }

  /** Nothing that it would still have done is done, and what it held others get. */
  kill(): void {
    this.#isDead = true
    for (const socket of this.#sockets) socket.terminate()
    for (const wish of this.#wishes) this.#locks.drop(wish)
    void this.workspace.close()
  }

  /** What the package asks its browser for, while the tab is made, is this tab's. */
  #beTheOneThatRuns(): void {
    const isDead = (): boolean => this.#isDead
    class MortalChannel extends PlatformChannel {
      override postMessage(message: unknown): void {
        // A channel reaches no other origin.
        // oxlint-disable-next-line unicorn/require-post-message-target-origin
        if (!isDead()) super.postMessage(message)
      }
    }
    vi.stubGlobal('BroadcastChannel', MortalChannel)
    vi.stubGlobal('navigator', {
      locks: {
        request: (
          name: string,
          ...[options, grant]: [Grant] | [{ mode?: 'shared'; signal?: AbortSignal }, Grant]
        ) =>
          typeof options === 'function'
            ? this.#request(name, {}, options)
            : this.#request(name, options, grant!),
      },
    })
  }

  #request(
    name: string,
    { mode, signal }: { mode?: 'shared'; signal?: AbortSignal },
    grant: Grant,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const wish: Wish = {
        name,
        mode: mode ?? 'exclusive',
        grant: async () => {
          await nextTurn()
          if (!this.#isDead) await grant({ name })
          resolve()
        },
      }
      this.#wishes.add(wish)
      signal?.addEventListener('abort', () => {
        this.#locks.drop(wish)
        reject(signal.reason)
      })
      this.#locks.ask(wish)
    })
  }

  #socketClass(): SocketClass {
    const sockets = this.#sockets
    const isDead = (): boolean => this.#isDead
    return class extends WebSocket {
      constructor(url: string, protocols: string) {
        super(isDead() ? 'ws://127.0.0.1:1' : url, protocols)
        sockets.add(this)
      }
    }
  }

  #viewOf(disk: Store): Store {
    const whileAlive = async <Answer>(ask: () => Promise<Answer>): Promise<Answer> => {
      await nextTurn()
      if (this.#isDead) throw closedStore()
      return ask()
    }
    return {
      write: (batch: Batch) => whileAlive(() => disk.write(batch)),
      get: (key: Uint8Array) => whileAlive(() => disk.get(key)),
      range: (range: Range) => whileAlive(() => disk.range(range)),
      close: () => Promise.resolve(),
    }
  }
}

export class Browser implements AsyncDisposable {
  readonly tabs: Tab[] = []
  readonly #url: string
  readonly #name: string
  readonly #disk = new MemoryStore().open()
  readonly #locks = new Locks()
  readonly #sharedName = randomUUID()

  constructor(url: string, name: string) {
    this.#url = url
    this.#name = name
  }

  async openTab(): Promise<Tab> {
    const tab = new Tab(this.#url, this.#name, await this.#disk, this.#locks, this.#sharedName)
    this.tabs.push(tab)
    await tab.document.loaded
    return tab
  }

  /** The tab that talks to the relay. */
  get leader(): Tab | undefined {
    return this.tabs.find(({ workspace }) => workspace.status.current.tab === 'leading')
  }

  async close(tab: Tab): Promise<void> {
    this.#forget(tab)
    await tab.close()
  }

  kill(tab: Tab): void {
    this.#forget(tab)
    tab.kill()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.tabs.map((tab) => tab.close()))
  }

  #forget(tab: Tab): void {
    this.tabs.splice(this.tabs.indexOf(tab), 1)
  }
}
