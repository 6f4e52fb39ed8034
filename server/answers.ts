// answers.ts — how the relay answers HTTP: JSON, with a code and a sentence where something is wrong. Knows: headers.
// Must not know: what was asked.
import type { ServerResponse } from 'node:http'

export const jsonHeaders = {
  'content-type': 'application/json; charset=utf-8',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
} as const

export function answerJson(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { ...jsonHeaders, ...headers })
  response.end(`${JSON.stringify(body)}\n`)
}

/** Codes are for programs, sentences for people. */
export function answerProblem(
  response: ServerResponse,
  status: number,
  problem: { readonly code: string; readonly message: string },
  headers: Readonly<Record<string, string>> = {},
): void {
  answerJson(response, status, problem, headers)
}

export function answerMethod(response: ServerResponse, allowed: string): void {
  const problem = { code: 'method-not-allowed', message: `Here one may ${allowed}.` }
  answerProblem(response, 405, problem, { allow: allowed })
}
