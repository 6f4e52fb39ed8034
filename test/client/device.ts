// device.ts — a device in Node: a workspace on a disk that outlives it, a network that can be gone, a life that can end
// between any two turns. Knows: the package's public face. Its disk answers some turns after it was asked, as disks do.
import { setImmediate as nextTurn } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { MemoryStore, openWorkspace } from '../../client/index.ts'
import type { StorePlace, SynclineDocument, Workspace, WorkspaceOptions } from '../../client/index.ts'
import type { Batch, Entry, Range, Store } from '../../shared/store.ts'

/** Whoever opens it takes it from whoever had it, as a process that is gone loses it. */
export class Disk implements StorePlace {
  readonly isDurable = true
  readonly sharedName = undefined
  readonly #memory = new MemoryStore()
  readonly #waiting: (() => void)[] = []
  #store: Promise<Store> = this.#memory.open()
  /** The most entries that one batch has removed. */
  largestRemoval = 0

  async open(): Promise<Store> {
    this.#store = this.#memory.open()
    const store = await this.#store
    return {
      write: async (batch: Batch) => {
        await nextTurn()
        const result = await store.write(batch)
        this.largestRemoval = Math.max(this.largestRemoval, batch.remove?.length ?? 0)
        for (const resolve of this.#waiting.splice(0)) resolve()
        await nextTurn()
        return result
      },
      get: (key: Uint8Array) => nextTurn().then(() => store.get(key)),
      range: (range: Range) => nextTurn().then(() => store.range(range)),
      close: () => store.close(),
    }
  }

  /** For those who only look, while somebody has it. */
  get shown(): Promise<Store> {
    return this.#store
  }

  /** Resolves after the next batch. */
  written(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** Everything that lies on it. */
  async entries(): Promise<readonly Entry[]> {
    const store = await this.#memory.open()
    return store.range({ from: Uint8Array.of(0), to: Uint8Array.of(255), limit: 1_000_000 })
  }
}

export class Device implements AsyncDisposable {
  readonly disk: Disk
  /** Told of each frame that it sends, or receives. */
  frameSent: (frame: Uint8Array) => void = () => undefined
  frameReceived: (frame: Uint8Array) => void = () => undefined
  readonly #options: Omit<WorkspaceOptions, 'store' | 'socketClass'>
  #life: { readonly workspace: Workspace; readonly cut: () => void }

  constructor(url: string, options: Partial<WorkspaceOptions> = {}, disk: Disk = new Disk()) {
    this.disk = disk
    this.#options = { ...options, url }
    this.#life = this.#live()
  }

  get workspace(): Workspace {
    return this.#life.workspace
  }

  open(name: string): SynclineDocument {
    return this.workspace.open(name)
  }

  /** Nothing that it would still have done is done. */
  async kill(): Promise<void> {
    const { workspace, cut } = this.#life
    cut()
    await this.disk.open()
    void workspace.close()
  }

  revive(): void {
    this.#life = this.#live()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.workspace.close()
  }

  #live(): { readonly workspace: Workspace; readonly cut: () => void } {
    const sockets = new Set<WebSocket>()
    let isDead = false
    const frameSent = (frame: Uint8Array): void => this.frameSent(frame)
    const frameReceived = (frame: Uint8Array): void => this.frameReceived(frame)
    class MortalSocket extends WebSocket {
      constructor(url: string, protocols: string) {
        super(isDead ? 'ws://127.0.0.1:1' : url, protocols)
        sockets.add(this)
        this.on('message', (bytes: ArrayBuffer) => frameReceived(new Uint8Array(bytes)))
      }

      override send(frame: Uint8Array): void {
        frameSent(frame)
        super.send(frame)
      }
    }
    const workspace = openWorkspace({ ...this.#options, store: this.disk, socketClass: MortalSocket })
    const cut = (): void => {
      isDead = true
      for (const socket of sockets) socket.terminate()
    }
    return { workspace, cut }
  }
}

/** Resolves as soon as the status is so. */
export function untilStatus<Status>(
  observable: { readonly current: Status; readonly subscribe: (listener: () => void) => () => void },
  holds: (status: Status) => boolean,
): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (!holds(observable.current)) return
      stop()
      resolve()
    }
    const stop = observable.subscribe(look)
    look()
  })
}
