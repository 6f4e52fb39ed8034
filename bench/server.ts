// server.ts — a target's process while it runs: started, measured from outside, stopped. Knows: /proc, which counts all
// threads of a process. Must not know: what is said to it.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { onServersCore } from './processor.ts'
import type { Target } from './target.ts'

const ticksPerSecond = 100
const startMsMax = 30_000
const stopMsMax = 20_000
const quietMs = 600
const restMs = 25_000

/** None of them outlives the bench. */
const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

export class Server implements AsyncDisposable {
  readonly target: Target
  readonly port: number
  readonly data: string
  readonly #child: ChildProcess
  readonly #ownsData: boolean

  private constructor(target: Target, child: ChildProcess, port: number, data: string, ownsData: boolean) {
    this.target = target
    this.#child = child
    this.port = port
    this.data = data
    this.#ownsData = ownsData
  }

  /** Without a folder it gets one of its own, which goes with it. */
  static async start(target: Target, data?: string): Promise<Server> {
    const folder = data ?? (await temporaryFolder())
    const port = await freePort()
    const { words, environment } = target.start(port, folder)
    const [command = '', ...rest] = onServersCore(words)
    const child = spawn(command, rest, {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    running.add(child)
    child.once('exit', () => running.delete(child))
    let output = ''
    const listen = (chunk: Buffer) => {
      if (output.length < 4_000) output += chunk.toString()
    }
    child.stdout.on('data', listen)
    child.stderr.on('data', listen)
    const end = performance.now() + startMsMax
    while (!(await answers(target.url(port, 'is-it-up')))) {
      if (child.exitCode !== null || performance.now() > end) {
        child.kill('SIGKILL')
        throw new Error(`${target.name} did not start:\n${output}`)
      }
      await wait(50)
    }
    return new Server(target, child, port, folder, data === undefined)
  }

  /** User and system time of all its threads so far. */
  get cpuSeconds(): number {
    const stat = this.#read('stat')
    // The name of the program, in brackets, may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
  }

  get memoryMegabytes(): number {
    return this.#status('VmRSS')
  }

  /** The most it had since `forgetPeak`. */
  get peakMemoryMegabytes(): number {
    return this.#status('VmHWM')
  }

  forgetPeak(): void {
    writeFileSync(`/proc/${this.#child.pid}/clear_refs`, '5')
  }

  get writtenMegabytes(): number {
    return Number(/write_bytes: (\d+)/.exec(this.#read('io'))?.[1]) / 2 ** 20
  }

  /** Resolves when it has nothing more to do, with the time since when. */
  async quiet(): Promise<number> {
    let busyAt = performance.now()
    let before = this.cpuSeconds
    while (performance.now() - busyAt < quietMs) {
      await wait(quietMs / 3)
      const now = this.cpuSeconds
      if (now - before > 1 / ticksPerSecond) busyAt = performance.now()
      before = now
    }
    return busyAt
  }

  /** What a burst left behind V8 collects only when there was hardly anything to do for some seconds. */
  rested(): Promise<void> {
    return wait(restMs)
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = once(this.#child, 'exit')
    this.#child.kill(signal)
    const deadline = setTimeout(() => this.#child.kill('SIGKILL'), stopMsMax)
    await ended
    clearTimeout(deadline)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
    if (this.#ownsData) await rm(this.data, { recursive: true, force: true })
  }

  #status(name: string): number {
    return Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(this.#read('status'))?.[1]) / 1024
  }

  #read(name: string): string {
    return readFileSync(`/proc/${this.#child.pid}/${name}`, 'utf8')
  }
}

export function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'syncline-bench-'))
}

function answers(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url)
    socket.once('open', () => {
      socket.terminate()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('There is no free port.')
  return address.port
}
