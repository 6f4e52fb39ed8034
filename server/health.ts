// health.ts — `syncline health`: whether a relay that was started with the same options lives, for supervisors. Must not
// know: whether it can do its work, which /ready says.
import { request } from 'node:http'
import { request as tlsRequest } from 'node:https'
import type { Options } from './options.ts'
import { RelayError } from './relay-error.ts'

const answerMsMax = 4_000

/** Addresses that stand for all: of this machine's own, any answers. */
const ownAddress: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' }

/** Returns what there is to say to the person who asked for it. */
export async function health({ host, port, pathPrefix, tlsCert }: Options): Promise<string> {
  const place = `port ${port} of ${host}`
  try {
    const status = await statusOf(
      ownAddress[host] ?? host,
      port,
      `${pathPrefix}/health`,
      tlsCert !== undefined,
    )
    if (status === 200) return `The relay on ${place} lives.`
    throw new Error(`it said ${status}`)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new RelayError(
      'no-relay',
      `No relay lives on ${place}: ${reason}. Start it, or say where it is as it was told.`,
    )
  }
}

function statusOf(host: string, port: number, path: string, isTls: boolean): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const options = { host, port, path, signal: AbortSignal.timeout(answerMsMax) }
    // Whether its certificate is anybody's is for those to see who come by its name.
    const asked = isTls ? tlsRequest({ ...options, rejectUnauthorized: false }) : request(options)
    asked
      .once('response', (response) => {
        response.resume()
        resolve(response.statusCode)
      })
      .once('error', reject)
      .end()
  })
}
