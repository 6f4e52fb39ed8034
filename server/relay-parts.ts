// relay-parts.ts — what a relay is made of, opened in its order: the data, who signs in, the host, the door for commands.
// Knows: which part needs which, and that a store which cannot be used is closed again. Must not know: HTTP, sockets.
import { randomBytes } from 'node:crypto'
import { bringToFormat } from '../shared/disk-format.ts'
import { sizesFor } from '../shared/limits.ts'
import { idBytes } from '../shared/message.ts'
import { StoreError } from '../shared/store.ts'
import { adminAnswers } from './admin-answers.ts'
import { AdminDoor } from './admin-door.ts'
import { Clock } from './clock.ts'
import { documentClasses } from './document-class.ts'
import type { Journal } from './journal.ts'
import { LevelStore } from './level-store.ts'
import type { LevelStoreOptions } from './level-store.ts'
import { Meters } from './meters.ts'
import type { Options } from './options.ts'
import { isLoopbackHost } from './origins.ts'
import { RelayError } from './relay-error.ts'
import { RelayHost } from './relay-host.ts'
import { SignIn } from './sign-in.ts'
import { signInFrom } from './sign-in-from.ts'
import { SteadyTime } from './steady-time.ts'
import { assertFinished } from './store-copy.ts'
import { Telling } from './telling.ts'
import { processBusyShare, Turns } from './turns.ts'
import { WorkshopThread } from './workshop-thread.ts'

export type RelayParts = {
  readonly store: LevelStore
  readonly host: RelayHost
  readonly signIn: SignIn
  readonly clock: Clock
  readonly door: AdminDoor
  readonly telling: Telling | undefined
}

export async function openParts(
  options: Options,
  journal: Journal,
  database: LevelStoreOptions['database'],
): Promise<RelayParts> {
  const { data, durability } = options
  const report = journal.report.bind(journal)
  assertFinished(data)
  // Known when the disk is repaired while it runs.
  let host: RelayHost | undefined
  const store = await LevelStore.open({
    folder: data,
    sync: durability === 'disk',
    whenDamaged: ({ is, cause }) => {
      report({ code: is === 'repaired' ? 'disk-repaired' : 'disk-damaged', cause })
      if (is === 'repaired') host?.startAnew()
    },
    ...(database === undefined ? {} : { database }),
  })
  const steady = new SteadyTime()
  const clock = new Clock(steady.now)
  try {
    await bringToFormat(store)
    const meters = new Meters()
    const telling = Telling.for(options, store, report)
    const signIn = await SignIn.open(await signInFrom(options), {
      folder: data,
      isLoopback: isLoopbackHost(options.host),
      store,
      now: () => Date.now(),
      steadyTimeOf: steady.of,
      report,
      refused: (code) => meters.signInRefusals.count(code),
    })
    host = await RelayHost.open({
      store,
      workshop: new WorkshopThread(),
      durability: durability === 'disk' ? 'synced' : 'written',
      sizes: sizesFor(options.largestDocument),
      now: steady.now,
      meters,
      committed: (tenant) => telling?.committed(tenant),
      stopwatch: () => performance.now() / 1000,
      randomId: () => new Uint8Array(randomBytes(idBytes)),
      wakeAt: (time) => clock.wakeAt(time),
      turnEnds: new Turns(processBusyShare()).end,
      soon: (ms, then) => setTimeout(then, ms),
      grantOf: (token, headers) => signIn.grantOf(token, headers),
      classOf: documentClasses(options.documentClass, report),
      report,
    })
    journal.hideNamesWith(host.key)
    await telling?.start()
    const door = await AdminDoor.open(data, adminAnswers(store, signIn, report))
    return { store, host, signIn, clock, door, telling }
  } catch (error) {
    await store.close()
    if (!(error instanceof StoreError)) throw error
    throw new RelayError('data-unreadable', `The data in ${data} cannot be used. ${error.message}`)
  }
}
