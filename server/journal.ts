// journal.ts — what the relay tells, line by line: JSON for machines, a sentence for a person at a terminal. Knows: pino,
// how names are hidden, that one thing told a thousand times is told once. Must not know: who tells what, and why.
//
// No byte of content is ever here: notices have none. Names of documents and tenants are content too; below level
// `debug` a keyed hash stands for each, the same one in /v1/documents and `syncline verify`.
import { createHmac } from 'node:crypto'
import { pino } from 'pino'
import type { DestinationStream, Logger } from 'pino'
import { notices } from './notice.ts'
import type { Notice, NoticeCode, NoticeLevel } from './notice.ts'

type Named = { readonly tenant: string; readonly document?: string | undefined }

export type JournalOptions = {
  readonly level: NoticeLevel
  readonly to: DestinationStream
  readonly now: () => number
}

/** The same notice again within this time is counted, and told with the next one. */
const repeatMs = 10_000

const markDigits = 12

export class Journal {
  readonly #options: JournalOptions
  readonly #logger: Logger
  readonly #counts = new Map<NoticeCode, number>()
  readonly #told = new Map<NoticeCode, { at: number; more: number }>()
  #key: Uint8Array = new Uint8Array()

  constructor(options: JournalOptions) {
    this.#options = options
    this.#logger = pino(
      {
        level: options.level,
        base: null,
        messageKey: 'message',
        timestamp: () => `,"time":"${new Date(options.now()).toISOString()}"`,
        formatters: { level: (label) => ({ level: label }) },
      },
      options.to,
    )
  }

  hideNamesWith(storeKey: Uint8Array): void {
    this.#key = nameKeyOf(storeKey)
  }

  /** How often each was told, or kept back because it was told just before. */
  countOf(code: NoticeCode): number {
    return this.#counts.get(code) ?? 0
  }

  report(notice: Notice): void {
    const { code } = notice
    this.#counts.set(code, this.countOf(code) + 1)
    const { level, says } = notices[code]
    if (!this.#logger.isLevelEnabled(level)) return
    const told = this.#told.get(code)
    const now = this.#options.now()
    if (told !== undefined && level !== 'debug' && now - told.at < repeatMs) {
      told.more++
      return
    }
    this.#told.set(code, { at: now, more: 0 })
    const more = told === undefined || told.more === 0 ? {} : { more: told.more }
    this.#logger[level]({ code, ...this.#namesOf(notice), ...factsOf(notice), ...more }, says)
  }

  /** Stands for a name where the name must not be seen. */
  markOf(place: Named): string {
    return markOf(this.#key, place)
  }

  #namesOf({ tenant, document }: Notice): Readonly<Record<string, string>> {
    if (tenant === undefined) return {}
    if (this.#options.level === 'debug') return document === undefined ? { tenant } : { tenant, document }
    const mark = markOf(this.#key, { tenant, document })
    return document === undefined ? { tenant: mark } : { document: mark }
  }
}

/** What names are hidden with, from the key of a store: the same over restarts, and known to nobody outside. */
export function nameKeyOf(storeKey: Uint8Array): Uint8Array {
  return createHmac('sha256', storeKey).update('names').digest()
}

/** Stands for a name where the name must not be seen. */
export function markOf(key: Uint8Array, { tenant, document = '' }: Named): string {
  const place = JSON.stringify([tenant, document])
  return createHmac('sha256', key).update(`mark ${place}`).digest('hex').slice(0, markDigits)
}

/** A line as a person reads it at a terminal. */
export function humanLine(json: string): string {
  const { time, level, code, message, ...facts }: Record<string, unknown> = JSON.parse(json)
  const clock = String(time).slice(11, 19)
  const rest = Object.entries(facts).map(([name, value]) => ` ${name}=${String(value)}`)
  return `${clock} ${String(level).padEnd(5)} ${String(message)} (${String(code)}${rest.join('')})\n`
}

function factsOf({ cause, trace, facts }: Notice): Readonly<Record<string, string | number>> {
  return {
    ...(trace === undefined ? {} : { trace }),
    ...facts,
    ...(cause === undefined ? {} : { cause: cause instanceof Error ? cause.message : String(cause) }),
  }
}
