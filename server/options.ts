// options.ts — what can be said on the command line, with every default in one place. Must not know: the relay.
import { parseArgs } from 'node:util'
import { RelayError } from './relay-error.ts'

export type Options = {
  readonly port: number
  readonly data: string
}

export const defaults: Options = { port: 4410, data: 'data' }

export const usage: string = `syncline serve [--port PORT] [--data FOLDER]

  --port PORT    where the relay listens, on this machine only   (default ${defaults.port}; 0 takes a free one)
  --data FOLDER  where documents are kept                        (default ./${defaults.data})
`

export type Command = { readonly name: 'serve'; readonly options: Options } | { readonly name: 'help' }

export function readCommand(words: readonly string[]): Command {
  const { values, positionals } = parse(words)
  if (values.help === true) return { name: 'help' }
  const [command = 'serve', ...rest] = positionals
  if (command !== 'serve' || rest.length > 0) throw badOption(`«${positionals.join(' ')}» is not a command.`)
  return {
    name: 'serve',
    options: { port: readPort(values.port), data: values.data ?? defaults.data },
  }
}

function parse(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        port: { type: 'string' },
        data: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (error) {
    throw badOption(error instanceof Error ? error.message : String(error))
  }
}

function readPort(word: string | undefined): number {
  if (word === undefined) return defaults.port
  const port = Number(word)
  if (!/^\d{1,5}$/.test(word) || port > 65_535) throw badOption(`«${word}» is not a port: 0 to 65535.`)
  return port
}

function badOption(problem: string): RelayError {
  return new RelayError('bad-option', problem)
}
