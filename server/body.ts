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

type Bounds = { readonly tenant: string; readonly bytesMax: number }

export class Bodies {
  readonly #silenceMsMax: number
  readonly #bytes = new Shares({ ofAllMax: gatheredBytesMax, ofOneMax: ofTenantBytesMax })

  constructor(options: { readonly silenceMsMax?: number } = {}) {
    this.#silenceMsMax = options.silenceMsMax ?? silenceMsMax
  }

  /** It counts from its first byte on until the work with it is done. */
  async workWith(
    request: IncomingMessage,
    { tenant, bytesMax }: Bounds,
    work: (body: Uint8Array) => Promise<void>,
  ): Promise<void> {
    const tooLarge = new ApiProblem('too-large', `What is sent here has at most ${bytesMax} bytes.`)
    if (Number(request.headers['content-length'] ?? 0) > bytesMax) throw tooLarge
    const chunks: Uint8Array[] = []
    let length = 0
    try {
      await this.#gather(request, (chunk) => {
        if (length + chunk.length > bytesMax) throw tooLarge
        if (!this.#bytes.take(tenant, chunk.length)) throw new ApiProblem('busy')
        length += chunk.length
        chunks.push(chunk)
      })
      const body = Buffer.concat(chunks.splice(0))
      await work(new Uint8Array(body.buffer, body.byteOffset, body.length))
    } finally {
      this.#bytes.giveBack(tenant, length)
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
      const alarm = setTimeout(() => end(new ApiProblem('too-slow')), this.#silenceMsMax)
      if (request.destroyed) return requestOnLoss()
      request.on('data', requestOnData).on('end', end).on('close', requestOnLoss).on('error', requestOnLoss)
      return undefined
    })
  }
}
