// program.ts — the program: reads the command line, does what it says, ends on a signal. Must not know: sockets, disks.
import { constants } from 'node:os'
import { backup } from './backup.ts'
import { readCommand } from './command.ts'
import type { Command } from './command.ts'
import { health } from './health.ts'
import { Journal, humanLine } from './journal.ts'
import { ListeningRelay } from './listening.ts'
import { notices } from './notice.ts'
import type { Notice } from './notice.ts'
import type { Options } from './options.ts'
import { isLoopbackHost } from './origins.ts'
import { RelayError } from './relay-error.ts'
import { restore } from './restore.ts'
import { unreachable } from '../shared/unreachable.ts'
import { printedToken, revoke } from './token-command.ts'
import { usage } from './usage.ts'
import { verify } from './verify.ts'

/** The exit code where something was made, and not of all. */
const incomplete = 2

try {
  await run(await readCommand(process.argv.slice(2), process.env))
} catch (error) {
  if (!(error instanceof RelayError)) throw error
  console.error(`syncline: ${error.message} (${error.code})`)
  if (error.code === 'bad-option') console.error('syncline --help lists what can be said.')
  process.exitCode = 1
}

async function run(command: Command): Promise<void> {
  switch (command.name) {
    case 'help':
      return console.log(usage())
    case 'serve':
      return serve(command.options)
    case 'backup': {
      const { text, isWhole } = await backup(command.data, command.folder)
      console.log(text)
      process.exitCode = isWhole ? 0 : incomplete
      return undefined
    }
    case 'restore':
      return console.log(await restore(command))
    case 'health':
      return console.log(await health(command.options))
    case 'token':
      return console.log(await printedToken(command, warn))
    case 'revoke':
      return console.log(await revoke(command.options, command.revocation))
    case 'verify': {
      const { text, isWhole } = await verify(command.folder ?? command.data)
      console.log(text)
      process.exitCode = isWhole ? 0 : 1
      return undefined
    }
    default:
      return unreachable(command)
  }
}

function warn({ code }: Notice): void {
  console.error(`syncline: ${notices[code].says} ${notices[code].todo} (${code})`)
}

async function serve(options: Options): Promise<void> {
  const isForPeople = process.stdout.isTTY
  const journal = new Journal({
    level: options.logLevel,
    to: { write: (line) => void process.stdout.write(isForPeople ? humanLine(line) : line) },
    now: () => Date.now(),
  })
  process.on('uncaughtExceptionMonitor', (cause) => journal.report({ code: 'crashed', cause }))
  const listening = await ListeningRelay.start(options, journal)
  await greet(listening, options, journal, isForPeople)
  process.on('SIGHUP', () => void listening.reloadCertificate())
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    let isEnding = false
    process.on(signal, () => {
      // Whoever asks twice does not want to wait.
      if (isEnding) process.exit(128 + constants.signals[signal])
      isEnding = true
      void listening.close().then(() => process.exit(0))
    })
  }
}

/** A person gets the lines to click on and to copy, a machine the same in one. */
async function greet(
  listening: ListeningRelay,
  options: Options,
  journal: Journal,
  isForPeople: boolean,
): Promise<void> {
  const { address } = listening
  const token = await listening.relay.signIn.ownToken()
  const key = token === undefined ? '' : `#token=${token}`
  const page = `${address}/notebook/${key}`
  const { data, host, durability } = options
  const reach = isLoopbackHost(host) ? 'from this machine only' : 'from everywhere that reaches this machine'
  const promise =
    durability === 'disk'
      ? 'synced to the disk before anyone is shown an edit'
      : 'handed to the operating system before anyone is shown an edit; a power loss may take the last of it'
  if (isForPeople) {
    console.log(`Syncline is at ${page}`)
    console.log(`  notes   ${address}/notes/${key}, saved on the device first, with or without a network`)
    console.log(`  wire    ${address.replace('http', 'ws')}/<document>, as y-websocket speaks it, ${reach}`)
    console.log(`  data    ${data}, ${promise}`)
    console.log('  stop    Ctrl+C')
  } else {
    journal.report({ code: 'started', facts: { address: `${address}/`, data, durability, pid: process.pid } })
    if (token !== undefined) console.error(`Without authentication, this link opens every document: ${page}`)
  }
}
