// relay-process.ts — the real relay, as people run it, in a process that a test may kill. Knows: the built program
// and its first line of output.
import { spawn } from 'node:child_process'
import type { ChildProcess, ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('../dist/server/main.js', import.meta.url))

export class RelayProcess implements AsyncDisposable {
  readonly port: number
  readonly data: string
  readonly url: string
  /** The exit code, when it has ended; undefined after a signal. */
  readonly ended: Promise<number | undefined>
  /** What it wrote so far, on either stream. */
  output: string
  readonly #child: ChildProcess
  readonly #ownsData: boolean

  constructor(child: ChildProcess, port: number, data: string, ownsData: boolean, output: string) {
    this.#child = child
    this.ended = once(child, 'exit').then(([code]: (number | null)[]) => code ?? undefined)
    this.port = port
    this.data = data
    this.url = `ws://127.0.0.1:${port}`
    this.#ownsData = ownsData
    this.output = output
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.output += chunk.toString()
      })
    }
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error('The relay has no process.')
    return this.#child.pid
  }

  /** Resolves with the exit code when the process is gone. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<number | undefined> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill(signal)
    return this.ended
  }

  /** The same, or what it wrote of it before. */
  async wrote(words: RegExp): Promise<string> {
    while (!words.test(this.output)) await this.says(/./)
    return words.exec(this.output)?.[1] ?? ''
  }

  /** Resolves when it has written such a line. */
  says(words: RegExp): Promise<void> {
    return new Promise((resolve) => {
      let output = ''
      const read = (chunk: Buffer) => {
        output += chunk.toString()
        if (words.test(output)) resolve()
      }
      this.#child.stdout?.on('data', read)
      this.#child.stderr?.on('data', read)
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
    if (this.#ownsData) await rm(this.data, { recursive: true, force: true })
  }
}

/** Without a folder it makes one, and removes it when it is disposed of. */
export async function startRelayProcess(
  options: {
    data?: string
    port?: number
    fileBytesMax?: number
    env?: Readonly<Record<string, string>>
    /** Flags, after those that every test needs. */
    words?: readonly string[]
  } = {},
): Promise<RelayProcess> {
  const data = options.data ?? (await temporaryFolder())
  const words = [process.execPath, program, 'serve', '--port', String(options.port ?? 0), '--data', data]
  words.push(...(options.words ?? []))
  const child = spawnWithin(words, options.fileBytesMax, { ...process.env, ...options.env })
  let output = ''
  const port = await new Promise<number>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      output += chunk.toString()
      const address = /https?:\/\/127\.0\.0\.1:(\d+)\//.exec(output)
      if (address !== null) resolve(Number(address[1]))
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
    child.once('exit', (code) =>
      reject(new Error(`The relay ended with ${code} before it listened:\n${output}`)),
    )
  })
  return new RelayProcess(child, port, data, options.data === undefined, output)
}

/** A shell's limit on the size of a file stands for a full disk: a write beyond it is refused. */
function spawnWithin(
  words: string[],
  fileBytesMax: number | undefined,
  env: NodeJS.ProcessEnv,
): ChildProcessByStdio<null, Readable, Readable> {
  const stdio: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe']
  const [command = '', ...rest] = words
  if (fileBytesMax === undefined) return spawn(command, rest, { stdio, env })
  const blocks = Math.ceil(fileBytesMax / 1024)
  return spawn('bash', ['-c', `trap '' XFSZ; ulimit -f ${blocks}; exec "$@"`, 'bash', ...words], {
    stdio,
    env,
  })
}

export function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'syncline-'))
}
