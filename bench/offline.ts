// offline.ts — a long time without a network: so many edits are typed on a device that reaches nobody, the program ends, it
// opens again and pushes them. Knows: the client's public face. The device is this process, of which the time is
// measured; what of it waits for the relay's disk is in the seconds, and not in the CPU.
import * as fake from 'fake-indexeddb'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { MemoryStore, openWorkspace } from '../client/index.ts'
import type { StorePlace, SynclineDocument, Workspace } from '../client/index.ts'
import { IndexedStore } from '../client/indexed-store.ts'
import type { Bench, Load, Measured } from './figures.ts'
import { Server } from './server.ts'
import type { Target } from './target.ts'

/** As many as are typed before anything else gets its turn. */
const burst = 100
const document = 'a long journey'

export const offline: Bench = {
  name: 'offline',
  about: 'so many edits as --edits says (100,000) typed offline, stored, opened again, pushed; two stores',
  targets: ['native'],
  measure,
}

/** Names of IndexedDB that the store looks for where a browser has them. */
function installIndexedDb(): void {
  for (const [name, value] of Object.entries(fake))
    if (name.startsWith('IDB')) Object.defineProperty(globalThis, name, { value, configurable: true })
  const value = new fake.IDBFactory()
  Object.defineProperty(globalThis, 'indexedDB', { value, configurable: true })
}

async function measure(target: Target, { edits }: Load): Promise<Measured> {
  installIndexedDb()
  const fewer = await journey(target, Math.ceil(edits / 10), memoryStore())
  const all = await journey(target, edits, memoryStore())
  const indexed = await journey(target, edits, () => IndexedStore.open('bench'))
  return {
    ...named('memory', all),
    ...named('fake-indexeddb', indexed),
    'memory: CPU an edit / with a tenth of them': cpuOf(all) / cpuOf(fewer),
  }
}

type Journey = {
  readonly typingMicros: number
  readonly storingSeconds: number
  readonly openingSeconds: number
  readonly pushingSeconds: number
  readonly pushingMicros: number
}

function cpuOf({ typingMicros, pushingMicros }: Journey): number {
  return typingMicros + pushingMicros
}

function named(name: string, journeyed: Journey): Measured {
  return {
    [`${name}: typing, CPU µs an edit`]: journeyed.typingMicros,
    [`${name}: storing the rest, s`]: journeyed.storingSeconds,
    [`${name}: opening, s`]: journeyed.openingSeconds,
    [`${name}: pushing, s`]: journeyed.pushingSeconds,
    [`${name}: pushing, CPU µs an edit`]: journeyed.pushingMicros,
  }
}

/** Outlives the workspace, as a disk does. */
function memoryStore(): StorePlace['open'] {
  const memory = new MemoryStore()
  return () => memory.open()
}

async function journey(target: Target, edits: number, open: StorePlace['open']): Promise<Journey> {
  const store: StorePlace = { isDurable: true, sharedName: undefined, open }
  await using server = await Server.start(target)
  const url = `ws://127.0.0.1:${server.port}`
  const openHere = (): { workspace: Workspace; opened: SynclineDocument } => {
    const workspace = openWorkspace({ url, store, socketClass: WebSocket })
    workspace.workOffline(true)
    return { workspace, opened: workspace.open(document) }
  }
  const first = openHere()
  await first.opened.loaded
  const typed = await spent(async () => {
    const text = first.opened.doc.getText('text')
    for (let edit = 0; edit < edits; edit++) {
      text.insert(text.length, letterOf(edit))
      if (edit % burst === burst - 1) await nextTurn()
    }
  })
  const stored = await spent(() => first.opened.close())
  await first.workspace.close()

  const again = openHere()
  const opened = await spent(async () => {
    await again.opened.loaded
    await until(again.opened, ({ pending }) => pending === edits)
  })
  const pushed = await spent(async () => {
    again.workspace.workOffline(false)
    await until(again.opened, ({ isSaved }) => isSaved)
  })
  const { length } = again.opened.doc.getText('text')
  if (length !== edits) throw new Error(`${edits - length} of ${edits} edits are gone.`)
  await again.workspace.close()
  return {
    typingMicros: (typed.cpuMs * 1_000) / edits,
    storingSeconds: stored.seconds,
    openingSeconds: opened.seconds,
    pushingSeconds: pushed.seconds,
    pushingMicros: (pushed.cpuMs * 1_000) / edits,
  }
}

function letterOf(edit: number): string {
  return String.fromCharCode('a'.charCodeAt(0) + (edit % 26))
}

async function spent(
  work: () => Promise<void>,
): Promise<{ readonly seconds: number; readonly cpuMs: number }> {
  const start = performance.now()
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return { seconds: (performance.now() - start) / 1_000, cpuMs: (user + system) / 1_000 }
}

type Status = SynclineDocument['status']['current']

function until({ status }: SynclineDocument, holds: (status: Status) => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (!holds(status.current)) return
      stop()
      resolve()
    }
    const stop = status.subscribe(look)
    look()
  })
}
