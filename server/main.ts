// main.ts — the program: reads the command line, runs the relay, ends it on a signal. Must not know: sockets, disks.
import { readCommand, usage } from './options.ts'
import type { Options } from './options.ts'
import { Relay } from './relay.ts'
import { RelayError } from './relay-error.ts'

try {
  const command = readCommand(process.argv.slice(2))
  if (command.name === 'help') console.log(usage)
  else await serve(command.options)
} catch (error) {
  if (!(error instanceof RelayError)) throw error
  console.error(`syncline: ${error.message} (${error.code})`)
  if (error.code === 'bad-option') console.error(`\n${usage}`)
  process.exitCode = 1
}

async function serve(options: Options): Promise<void> {
  const relay = await Relay.start({
    ...options,
    report: (sentence) => console.error(`${new Date().toISOString()} ${sentence}`),
  })
  const address = `http://127.0.0.1:${relay.port}`
  console.log(`Syncline is at ${address}/stock/`)
  console.log(
    `  wire    ws://127.0.0.1:${relay.port}/<document>, as y-websocket speaks it, from this machine only`,
  )
  console.log(`  data    ${options.data}, synced to the disk before anyone is shown an edit`)
  console.log('  stop    Ctrl+C')
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      void relay.close().then(() => process.exit(0))
    })
  }
}
