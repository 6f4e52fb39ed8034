// body.ts — what requests bring along: each up to so many bytes, all of them together, and those of one tenant too; and not
// from one that stops sending. Must not know: what is in it, what is done with it. [B1]
import type { IncomingMessage } from 'node:http'
import { ApiProblem } from './api-problem.ts'
import { Shares } from './shares.ts'

/** Two of the largest. */
const gatheredBytesMax = 128 * 1024 * 1024
const ofTenantBytesMax: number = gatheredBytesMax / 2

/** Of whom nothing comes within it is waited for no more. */
const silenceMsMax = 10_000

const blockBytesMin = 256
const blockBytesMax = 64 * 1024

type Bounds = { readonly tenant: string; readonly bytesMax: number }

export class Bodies {
  readonly #bytes = new Shares({ ofAllMax: gatheredBytesMax, ofOneMax: ofTenantBytesMax })

  /** It counts from its first byte on until the work with it is done. */
  async workWith(
    request: IncomingMessage,
    { tenant, bytesMax }: Bounds,
    work: (body: Uint8Array) => Promise<void>,
  ): Promise<void> {
    const tooLarge = new ApiProblem(
      'too-large',
      `What is sent here has at most ${bytesMax} bytes. Send less at a time.`,
    )
    if (Number(request.headers['content-length'] ?? 0) > bytesMax) throw tooLarge
    const gathered = new Gathered()
    try {
      await this.#gather(request, (chunk) => {
        if (gathered.length + chunk.length > bytesMax) throw tooLarge
        if (!this.#bytes.take(tenant, chunk.length)) throw new ApiProblem('busy')
        gathered.add(chunk)
      })
      await work(gathered.take())
    } finally {
      this.#bytes.giveBack(tenant, gathered.length)
    }
  }

  /** The request itself stays: whoever sends it is to hear what is wrong. */
  #gather(request: IncomingMessage, chunkCame: (chunk: Uint8Array) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (problem?: unknown) => {
        clearTimeout(alarm)
        request
          .off('data', requestOnData)
          .off('end', end)
          .off('close', requestOnLoss)
          .off('error', requestOnLoss)
        // Its loss may still be told, and is nothing new.
        request.on('error', () => undefined)
        if (problem === undefined) resolve()
        else reject(problem)
      }
      const requestOnData = (chunk: Uint8Array) => {
        alarm.refresh()
        try {
          chunkCame(chunk)
        } catch (error) {
          end(error)
        }
      }
      const requestOnLoss = () => end(new ApiProblem('unfinished'))
      const alarm = setTimeout(() => end(new ApiProblem('too-slow')), silenceMsMax)
      if (request.destroyed) return requestOnLoss()
      request.on('data', requestOnData).on('end', end).on('close', requestOnLoss).on('error', requestOnLoss)
      return undefined
    })
  }
}

/** In blocks of its own: kept as it comes, what comes byte by byte would weigh some two hundred times what it counts. */
class Gathered {
  length = 0
  #blocks: Uint8Array[] = []
  #left = new Uint8Array()

  add(chunk: Uint8Array): void {
    for (let rest = chunk; rest.length > 0;) {
      if (this.#left.length === 0) this.#begin(rest.length)
      const fitting = rest.subarray(0, this.#left.length)
      this.#left.set(fitting)
      this.#left = this.#left.subarray(fitting.length)
      rest = rest.subarray(fitting.length)
      this.length += fitting.length
    }
  }

  /** Nothing of it is held any more. */
  take(): Uint8Array {
    const { buffer, byteOffset, length } = Buffer.concat(this.#blocks, this.length)
    this.#blocks = []
    return new Uint8Array(buffer, byteOffset, length)
  }

  /** Not much more than is in it already: of a short one little is wasted. */
  #begin(length: number): void {
    const bytes = Math.min(Math.max(blockBytesMin, this.length, length), blockBytesMax)
    this.#left = new Uint8Array(bytes)
    this.#blocks.push(this.#left)
  }
}
