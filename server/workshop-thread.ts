// workshop-thread.ts — a workshop in a thread of its own, so that a keystroke never waits for somebody's large document.
// Knows: threads, and how long a piece of work may take. Must not know: Y.Docs. A thread that takes too long, or runs out
// of memory, is given up with all that it holds; the next piece of work begins a new one. [B1]
import { Worker } from 'node:worker_threads'
import type { Snapshot } from '../shared/room-words.ts'
import { packed } from './document-words.ts'
import type { Result, Work } from './document-words.ts'
import { WorkError } from './workshop.ts'
import type { Held, ReadForm, Workshop } from './workshop.ts'

/** Stock clients go away after 30 s without an answer. */
const workMsMax = 20_000
const heapMegabytesMax = 2048

/** Run from its sources, as tests do, it takes the thread that was built. */
const isBuilt = import.meta.url.endsWith('.js')
const program = new URL(isBuilt ? 'document-worker.js' : '../dist/server/document-worker.js', import.meta.url)

type Waiting = { readonly resolve: (result: Result) => void; readonly reject: (error: WorkError) => void }

export class WorkshopThread implements Workshop {
  readonly #workMsMax: number
  /** Started when there is something to do: most relays never need a Y.Doc. */
  #worker: Worker | undefined
  /** It has answered: until then, that it ends says nothing of what it was asked. */
  #hasBegun = false
  #waiting: Waiting[] = []
  #alarm: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(options: { readonly workMsMax?: number } = {}) {
    this.#workMsMax = options.workMsMax ?? workMsMax
  }

  async held(name: string): Promise<Held | undefined> {
    if (this.#worker === undefined) return undefined
    const result = await this.#do({ is: 'held', name })
    return result.is === 'held' ? result.held : undefined
  }

  async begin(name: string, epoch: string): Promise<void> {
    await this.#make({ is: 'begin', name, epoch })
  }

  async take(name: string, updates: readonly Uint8Array[], through: number): Promise<void> {
    await this.#make({ is: 'take', name, packed: packed(updates), through })
  }

  difference(name: string, stateVector: Uint8Array): Promise<Uint8Array[]> {
    return this.#make({ is: 'difference', name, stateVector })
  }

  async snapshot(name: string): Promise<Snapshot> {
    const [state, ...pieces] = await this.#make({ is: 'snapshot', name })
    if (state === undefined) throw new Error('A snapshot was asked for.')
    return { state, pieces }
  }

  async digest(name: string): Promise<Uint8Array> {
    return this.#makeOne({ is: 'digest', name })
  }

  async read(name: string, form: ReadForm): Promise<Uint8Array> {
    return this.#makeOne({ is: 'read', name, form })
  }

  drop(name: string): void {
    // Whatever becomes of it: a thread that ends has dropped everything.
    if (this.#worker !== undefined) this.#do({ is: 'drop', name }).catch(() => undefined)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#giveUp(new WorkError('work-broke-off', 'The relay is being stopped.'))
  }

  async #makeOne(work: Work): Promise<Uint8Array> {
    const [one] = await this.#make(work)
    if (one === undefined) throw new Error('Nothing was made of what was asked for.')
    return one
  }

  async #make(work: Work): Promise<Uint8Array[]> {
    const result = await this.#do(work)
    if (result.is === 'made') return [...result.updates]
    throw new Error('Something was made that was not asked for.')
  }

  async #do(work: Work): Promise<Result> {
    if (this.#isClosed) throw new WorkError('work-broke-off', 'The relay is being stopped.')
    const worker = (this.#worker ??= this.#start())
    const result = await new Promise<Result>((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
      this.#alarm ??= this.#setAlarm()
      worker.postMessage(work, work.is === 'take' ? [work.packed.bytes.buffer] : [])
    })
    if (result.is !== 'failed') return result
    const { code, message, index } = result
    throw code === undefined ? new Error(message) : new WorkError(code, message, index)
  }

  #start(): Worker {
    this.#hasBegun = false
    const worker = newWorker()
    worker.on('message', (result: Result) => this.#workerOnMessage(result))
    worker.on('error', (error) => this.#workerOnEnd(worker, error))
    worker.on('exit', () => this.#workerOnEnd(worker, undefined))
    // A relay that has nothing else to do may end.
    worker.unref()
    return worker
  }

  #workerOnMessage(result: Result): void {
    clearTimeout(this.#alarm)
    this.#hasBegun = true
    const done = this.#waiting.shift()
    this.#alarm = this.#waiting.length > 0 ? this.#setAlarm() : undefined
    done?.resolve(result)
  }

  #workerOnEnd(worker: Worker, error: Error | undefined): void {
    if (this.#worker !== worker) return
    void this.#giveUp(
      this.#hasBegun
        ? new WorkError('work-broke-off', `The thread for documents came to an end${because(error)}.`)
        : notBegun(error),
    )
  }

  #setAlarm(): NodeJS.Timeout {
    return setTimeout(() => {
      const sentence = `A piece of work on a document took longer than ${this.#workMsMax} ms.`
      void this.#giveUp(new WorkError('work-took-too-long', sentence))
    }, this.#workMsMax)
  }

  async #giveUp(reason: WorkError): Promise<void> {
    clearTimeout(this.#alarm)
    this.#alarm = undefined
    const worker = this.#worker
    this.#worker = undefined
    const waiting = this.#waiting
    this.#waiting = []
    for (const { reject } of waiting) reject(reason)
    await worker?.terminate()
  }
}

function newWorker(): Worker {
  try {
    return new Worker(program, { resourceLimits: { maxOldGenerationSizeMb: heapMegabytesMax } })
  } catch (error) {
    throw notBegun(error)
  }
}

function notBegun(error: unknown): WorkError {
  return new WorkError('work-not-begun', `The thread for documents could not be started${because(error)}.`)
}

function because(error: unknown): string {
  return error instanceof Error ? ` (${error.message})` : ''
}
