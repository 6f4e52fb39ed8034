// disk-relay.ts — the relay's host on a real folder, with a LevelDB that fails when a test says so. Knows: LevelDB, files.
// Must not know: what the relay ought to do.
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { LevelStore } from '../../server/level-store.ts'
import type { LevelDamage } from '../../server/level-store.ts'
import { RelayHost } from '../../server/relay-host.ts'
import { WorkshopHere } from '../../server/workshop-here.ts'
import type { WriteDurability } from '../../shared/store.ts'
import { grantFor } from '../host-peers.ts'
import { temporaryFolder } from '../relay-process.ts'
import { failingLevel } from './failing-level.ts'

const hurry = 10

export class DiskRelay {
  readonly folder: string
  readonly reports: string[] = []
  readonly damages: LevelDamage['is'][] = []
  #level: ReturnType<typeof failingLevel> | undefined
  #host: RelayHost | undefined
  #wakings: number[] = []
  #ids = 1

  constructor(folder: string) {
    this.folder = folder
  }

  static async make(): Promise<DiskRelay> {
    return new DiskRelay(await temporaryFolder())
  }

  async start(durability: WriteDurability = 'synced'): Promise<this> {
    const store = await LevelStore.open({
      folder: this.folder,
      sync: durability === 'synced',
      database: (folder) => {
        this.#level = failingLevel(folder)
        return this.#level.level
      },
      whenDamaged: ({ is }) => {
        this.damages.push(is)
        if (is === 'repaired') this.#host?.startAnew()
      },
    })
    this.#host = await RelayHost.open({
      store,
      workshop: new WorkshopHere(),
      durability,
      now: () => this.#now(),
      randomId: () => Uint8Array.from({ length: 16 }, () => this.#ids++ % 256),
      wakeAt: (time) => this.#wakings.push(time),
      turnEnds: setImmediate,
      soon: (_ms, then) => setImmediate(then),
      grantOf: async (token) => grantFor(Number(token)),
      report: ({ code }) => this.reports.push(code),
    })
    return this
  }

  get host(): RelayHost {
    if (this.#host === undefined) throw new Error('The relay was not started.')
    return this.#host
  }

  get level(): ReturnType<typeof failingLevel> {
    if (this.#level === undefined) throw new Error('The relay was not started.')
    return this.#level
  }

  /** Lets things, and time, happen until this has. */
  async until(hasHappened: () => boolean): Promise<void> {
    while (!hasHappened()) {
      await new Promise(setImmediate)
      this.#wake()
    }
  }

  /** Lets happen what a few turns of the loop bring, where nothing is expected. */
  async turns(count = 30): Promise<void> {
    for (let turn = 0; turn < count; turn++) await new Promise(setImmediate)
  }

  async stop(): Promise<void> {
    await this.#host?.close()
    this.#host = undefined
  }

  async files(kind: RegExp): Promise<string[]> {
    return (await readdir(this.folder)).filter((name) => kind.test(name)).toSorted()
  }

  /** As a process leaves it that was killed. */
  async endBadly(): Promise<void> {
    await writeFile(join(this.folder, 'opened'), 'open')
  }

  /** One bit of one file is not what it was any more. */
  async flip(file: string, share: number, bit: number): Promise<void> {
    const path = join(this.folder, file)
    const bytes = await readFile(path)
    const at = Math.floor(bytes.length * share)
    bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << bit), at)
    await writeFile(path, bytes)
  }

  async remove(): Promise<void> {
    await this.stop()
    await rm(this.folder, { recursive: true })
  }

  #wake(): void {
    const now = this.#now()
    if (this.#wakings.every((time) => time > now)) return
    this.#wakings = this.#wakings.filter((time) => time > now)
    this.#host?.woke()
  }

  /** Faster than outside, so that nobody waits long for a disk to be tried again. */
  #now(): number {
    return Math.round(performance.now() * hurry)
  }
}
