// browser-tabs.ts — what the tabs of one browser share, in Node: its locks and its channels. All of it happens in turn, within
// microtasks. Knows: what navigator.locks and BroadcastChannel promise. Must not know: who stands in line for what.
import { vi } from 'vitest'

type Held = (lock: unknown) => unknown

type Wish = {
  readonly held: Held
  readonly isShared: boolean
  readonly reject: (error: unknown) => void
}

class Line {
  waiting: Wish[] = []
  holders = new Set<Wish>()
}

/** Its channel of that name says nothing to itself, as in a browser. */
class Channel extends EventTarget {
  readonly #name: string
  readonly #all: Map<string, Set<Channel>>

  constructor(all: Map<string, Set<Channel>>, name: string) {
    super()
    this.#name = name
    this.#all = all
    all.set(name, (all.get(name) ?? new Set()).add(this))
  }

  postMessage(data: unknown): void {
    for (const other of this.#all.get(this.#name) ?? [])
      if (other !== this) queueMicrotask(() => other.dispatchEvent(new MessageEvent('message', { data })))
  }

  close(): void {
    this.#all.get(this.#name)?.delete(this)
  }
}

export class BrowserTabs {
  /** Whether who is robbed hears of it at once, or never: it hangs. */
  areRobbedTold = true
  readonly #lines = new Map<string, Line>()
  readonly #channels = new Map<string, Set<Channel>>()

  /** For all that is opened from now on, until globals are unstubbed. */
  stub(): void {
    const channels = this.#channels
    vi.stubGlobal('navigator', { locks: { request: this.#request.bind(this) } })
    vi.stubGlobal(
      'BroadcastChannel',
      class extends Channel {
        constructor(name: string) {
          super(channels, name)
        }
      },
    )
  }

  /** With options, or without. */
  #request(name: string, ...rest: readonly [Held] | readonly [LockOptions, Held]): Promise<void> {
    const [options, held] = rest.length === 1 ? [{}, rest[0]] : rest
    const line = this.#lines.get(name) ?? new Line()
    this.#lines.set(name, line)
    return new Promise((_resolve, reject) => {
      const wish: Wish = { held, isShared: options.mode === 'shared', reject }
      options.signal?.addEventListener('abort', () => {
        if (line.waiting.includes(wish)) reject(options.signal?.reason)
        line.waiting = line.waiting.filter((other) => other !== wish)
      })
      if (options.steal === true) {
        for (const robbed of line.holders)
          if (this.areRobbedTold) robbed.reject(new DOMException('It was stolen.', 'AbortError'))
        line.holders.clear()
        this.#give(line, wish)
      } else {
        line.waiting.push(wish)
        this.#next(line)
      }
    })
  }

  #next(line: Line): void {
    const [wish] = line.waiting
    if (wish === undefined) return
    const isFree =
      line.holders.size === 0 || (wish.isShared && [...line.holders].every(({ isShared }) => isShared))
    if (!isFree) return
    line.waiting.shift()
    this.#give(line, wish)
    this.#next(line)
  }

  #give(line: Line, wish: Wish): void {
    line.holders.add(wish)
    queueMicrotask(() => {
      void Promise.resolve(wish.held({})).then(() => {
        if (line.holders.delete(wish)) this.#next(line)
      })
    })
  }
}
