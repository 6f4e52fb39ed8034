// option-kinds.ts — what an option can be: how a value is read, wherever it was said, and how it is written in help.
// Knows: words and numbers. Must not know: which options there are, and where a value was said.
import { BlockList, isIP } from 'node:net'

export type Kind<Value> = {
  /** How help names such a value. */
  readonly form: string
  /** A flag and a variable give text, a config file any value. Throws an OptionFault. */
  readonly read: (given: unknown) => Value
}

/** Its message ends a sentence that begins with where the value was said. */
export class OptionFault extends Error {
  override readonly name = 'OptionFault'
}

export function wholeNumber(form: string, min: number, max: number): Kind<number> {
  return {
    form,
    read: (given) => {
      const number = typeof given === 'string' && /^\d{1,15}$/.test(given) ? Number(given) : given
      if (typeof number === 'number' && Number.isSafeInteger(number) && number >= min && number <= max)
        return number
      throw new OptionFault(`${shown(given)} is not a whole number from ${min} to ${max}.`)
    },
  }
}

const byteUnits: Readonly<Record<string, number>> = { '': 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 }

export function byteCount(min: number, max: number): Kind<number> {
  return {
    form: 'SIZE',
    read: (given) => {
      const bytes = scaled(given, byteUnits)
      if (bytes !== undefined && bytes >= min && bytes <= max) return bytes
      throw new OptionFault(
        `${shown(given)} is not a size from ${sizeText(min)} to ${sizeText(max)}. Sizes are written 500kb or 20mb.`,
      )
    },
  }
}

const spanUnits: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** Read as milliseconds. */
export function span(minMs: number, maxMs: number): Kind<number> {
  return {
    form: 'TIME',
    read: (given) => {
      const ms = scaled(given, spanUnits)
      if (ms !== undefined && ms >= minMs && ms <= maxMs) return ms
      throw new OptionFault(
        `${shown(given)} is not a time from ${minMs / 1000}s to ${maxMs / 1000}s. Times are written 500ms, 10s, 5m or 1h.`,
      )
    },
  }
}

export function choice<Word extends string>(words: readonly Word[]): Kind<Word> {
  return {
    form: words.join('|'),
    read: (given) => {
      const word = words.find((known) => known === given)
      if (word === undefined) throw new OptionFault(`${shown(given)} is none of ${words.join(', ')}.`)
      return word
    },
  }
}

export function text(form: string, bytesMax = 4096): Kind<string> {
  return {
    form,
    read: (given) => {
      if (typeof given === 'string' && given !== '' && Buffer.byteLength(given) <= bytesMax) return given
      throw new OptionFault(`${shown(given)} is not a text of 1 to ${bytesMax} bytes.`)
    },
  }
}

/** What must not be shown again, not even to say what is wrong with it. */
export function secret(bytesMin: number): Kind<string> {
  return {
    form: 'SECRET',
    read: (given) => {
      if (typeof given === 'string' && Buffer.byteLength(given) >= bytesMin) return given
      throw new OptionFault(`A secret needs at least ${bytesMin} bytes.`)
    },
  }
}

/** With commas between them, or a list in a config file. */
export function listOf<Value>(kind: Kind<Value>): Kind<readonly Value[]> {
  return {
    form: `${kind.form},…`,
    read: (given) => {
      const items: readonly unknown[] = Array.isArray(given)
        ? given
        : typeof given === 'string'
          ? given.split(',')
          : [given]
      return items
        .map((item) => (typeof item === 'string' ? item.trim() : item))
        .filter((item) => item !== '')
        .map((item) => kind.read(item))
    },
  }
}

/** Where all paths begin: nothing, or /one/two. */
export const pathPrefix: Kind<string> = {
  form: 'PATH',
  read: (given) => {
    if (given === '' || given === '/') return ''
    if (typeof given === 'string' && /^(?:\/[\w.~-]+)+\/?$/.test(given)) return given.replace(/\/$/, '')
    throw new OptionFault(`${shown(given)} is not a path such as /sync.`)
  },
}

/** Where a page comes from: https://example.org, with nothing behind it. */
export const origin: Kind<string> = {
  form: 'ORIGIN',
  read: (given) => {
    if (typeof given === 'string' && URL.canParse(given)) {
      const { origin: read, pathname } = new URL(given)
      if (read !== 'null' && pathname === '/') return given
    }
    throw new OptionFault(`${shown(given)} is not an origin such as https://example.org.`)
  },
}

/** One address, or a network such as 10.0.0.0/8. */
export const network: Kind<string> = {
  form: 'NETWORK',
  read: (given) => {
    if (typeof given === 'string' && isNetwork(given)) return given
    throw new OptionFault(`${shown(given)} is neither an address nor a network such as 10.0.0.0/8.`)
  },
}

/** Only a config file can say one. */
export function callable<Callable>(isOne: (given: unknown) => given is Callable): Kind<Callable> {
  return {
    form: 'FUNCTION',
    read: (given) => {
      if (isOne(given)) return given
      throw new OptionFault(`${shown(given)} is not a function.`)
    },
  }
}

export function addNetwork(list: BlockList, written: string): void {
  const [address = '', bits] = written.split('/')
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
  if (bits === undefined) list.addAddress(address, family)
  else list.addSubnet(address, Number(bits), family)
}

function isNetwork(written: string): boolean {
  const [address = '', bits, ...more] = written.split('/')
  const family = isIP(address)
  if (family === 0 || more.length > 0) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 6 ? 128 : 32))
}

function scaled(given: unknown, units: Readonly<Record<string, number>>): number | undefined {
  if (typeof given === 'number') return Number.isSafeInteger(given) ? given : undefined
  const [, digits, unit = ''] = typeof given === 'string' ? (/^(\d{1,12}) ?([a-z]*)$/i.exec(given) ?? []) : []
  const scale = units[unit.toLowerCase()]
  return digits === undefined || scale === undefined ? undefined : Number(digits) * scale
}

function sizeText(bytes: number): string {
  return bytes >= 1024 ** 2 ? `${bytes / 1024 ** 2}mb` : `${bytes / 1024}kb`
}

function shown(given: unknown): string {
  if (typeof given === 'string') return `«${given.slice(0, 100)}»`
  if (typeof given === 'number' || typeof given === 'boolean') return `«${given}»`
  return given === undefined ? 'Nothing' : `A value of type ${given === null ? 'null' : typeof given}`
}
