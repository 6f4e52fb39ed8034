// running-relay.ts — the real relay in its process for one test, what is asked of it over HTTP, and what it wrote. Must not know: what is
// tested.
import { get } from 'node:http'
import * as Y from 'yjs'
import { onTestFinished } from 'vitest'
import type { JournalLine } from '../relay-for-test.ts'
import { startRelayProcess } from '../relay-process.ts'
import type { RelayProcess } from '../relay-process.ts'
import { NativeCaller } from './native-caller.ts'

export async function relayProcess(
  options: Parameters<typeof startRelayProcess>[0] = {},
): Promise<RelayProcess> {
  const relay = await startRelayProcess(options)
  onTestFinished(() => relay[Symbol.asyncDispose]())
  return relay
}

export function native(url: string, name: number): NativeCaller {
  const caller = new NativeCaller(url, name, '')
  onTestFinished(() => caller.end())
  return caller
}

export function textUpdate(text: string): Uint8Array {
  const doc = new Y.Doc()
  doc.getText('text').insert(0, text)
  return Y.encodeStateAsUpdate(doc)
}

export function linesOf(output: string): JournalLine[] {
  return output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line))
}

export type Answer = {
  readonly status: number
  readonly body: string
  readonly headers: Record<string, unknown>
}

/** `fetch` sets the Host header itself. */
export function ask(port: number, path: string, headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path, headers }, (response) => {
      let body = ''
      response.on('data', (chunk: Buffer) => {
        body += chunk.toString()
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body, headers: response.headers }))
    }).on('error', reject)
  })
}

/** The figures of /metrics, by name and labels as they stand there. */
export async function figures(port: number): Promise<Map<string, number>> {
  const { body } = await ask(port, '/metrics')
  const lines = body.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  )
}

/** Asked again until it is so: the other end of a socket hears of its end a little later. */
export async function figuresWhen(
  port: number,
  isSo: (now: Map<string, number>) => boolean,
): Promise<Map<string, number>> {
  for (;;) {
    const now = await figures(port)
    if (isSo(now)) return now
  }
}
