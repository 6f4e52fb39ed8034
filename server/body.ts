// body.ts — what a request brings along, up to so many bytes. [B1]
import type { IncomingMessage } from 'node:http'
import { ApiProblem } from './api-problem.ts'

export async function bodyOf(request: IncomingMessage, bytesMax: number): Promise<Uint8Array> {
  const problem = new ApiProblem('too-large', `What is sent here has at most ${bytesMax} bytes.`)
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) throw problem
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > bytesMax) throw problem
    chunks.push(chunk)
  }
  const body = Buffer.concat(chunks)
  return new Uint8Array(body.buffer, body.byteOffset, body.length)
}
