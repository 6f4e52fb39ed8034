// node-store.test.ts — syncline/node: a workspace's records in a folder of LevelDB. The contract of stores; one program at
// a time; what is left when it is killed; the example of docs/CLIENT.md.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { WebSocket } from 'ws'
import { expect, onTestFinished, test, vi } from 'vitest'
import { openWorkspace } from '../client/index.ts'
import type { StorePlace, Workspace } from '../client/index.ts'
import { openLevelStore } from '../node/index.ts'
import { LevelStore } from '../server/level-store.ts'
import { chanceFrom, seedOfThisRun } from './chance.ts'
import { untilStatus } from './client/device.ts'
import { startRelayProcess, temporaryFolder } from './relay-process.ts'
import { put, storeContract } from './store-contract.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const nowhere = 'ws://127.0.0.1:1'

storeContract('LevelDB for a workspace', async () => {
  const folder = await temporaryFolder()
  const place = await openLevelStore(folder)
  return { open: () => place.open(), remove: () => rm(folder, { recursive: true }) }
})

async function folderForTest(): Promise<string> {
  const folder = await temporaryFolder()
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

const workspaceOn = (store: StorePlace, url = nowhere): Workspace =>
  openWorkspace({ url, store, socketClass: WebSocket })

/** What the document holds on this disk. */
async function numbersIn(folder: string): Promise<unknown[]> {
  const workspace = workspaceOn(await openLevelStore(folder))
  const { doc, loaded } = workspace.open('numbers')
  await loaded
  const numbers = doc.getArray('numbers').toArray()
  await workspace.close()
  return numbers
}

test('[D1] what is to outlive the power going off is synced', async () => {
  const opening = vi.spyOn(LevelStore, 'open')
  onTestFinished(() => opening.mockRestore())
  await (await (await openLevelStore(await folderForTest())).open()).close()
  expect(opening).toHaveBeenCalledWith(expect.objectContaining({ sync: true }))
})

test('[D3] who opens the folder a second time is told why not, and can when the workspace is closed', async () => {
  const folder = await folderForTest()
  const store = await openLevelStore(folder)
  const refusal = { name: 'SynclineError', code: 'store-in-use' }
  await expect(openLevelStore(folder)).rejects.toMatchObject(refusal)
  const workspace = workspaceOn(store)
  await untilStatus(workspace.status, ({ keeps }) => keeps === 'disk')
  await expect(openLevelStore(folder)).rejects.toMatchObject(refusal)
  await workspace.close()
  await (await (await openLevelStore(folder)).open()).close()
})

test('[D3] a second workspace on one place takes it from the first, which says that it is in memory', async () => {
  const store = await openLevelStore(await folderForTest())
  const first = workspaceOn(store)
  await untilStatus(first.status, ({ keeps }) => keeps === 'disk')
  const before = first.open('note')
  await before.loaded
  const second = workspaceOn(store)
  await untilStatus(second.status, ({ keeps }) => keeps === 'disk')
  before.doc.getText('text').insert(0, 'late')
  await untilStatus(first.status, ({ storeError, inMemory }) => storeError !== undefined && inMemory === 1)
  expect(before.status.current).toMatchObject({ isSaved: false, inMemory: 1 })
  await Promise.all([first.close(), second.close()])
})

test('[T1] a folder that cannot be one is refused with a code', async () => {
  const file = join(await folderForTest(), 'file')
  await writeFile(file, 'not a folder')
  await expect(openLevelStore(file)).rejects.toMatchObject({ code: 'store-unreadable' })
})

test('[T1] damage is told as a warning of the process, and what can be read is there', async () => {
  const folder = await folderForTest()
  const before = workspaceOn(await openLevelStore(folder))
  before.open('numbers').doc.getArray('numbers').push([0])
  await before.close()
  await rm(join(folder, 'CURRENT'))
  const warned = once(process, 'warning')
  expect(await numbersIn(folder)).toEqual([0])
  const [warning] = await warned
  expect(warning).toMatchObject({ code: 'SYNCLINE_STORE_DAMAGED', message: expect.stringContaining(folder) })
})

test('[T1] what a killed program leaves behind is no damage, also in the middle of a compaction', async () => {
  const folders = await folderForTest()
  const warnings = warningsDuringTest()
  for (let life = 0; life < 16; life++) {
    const folder = join(folders, String(life))
    const store = await (await openLevelStore(folder)).open()
    for (let entry = 0; entry < 400; entry++)
      await store.write({ put: [put(`${life % 3} ${entry}`, `${entry}`.repeat(100))], durability: 'written' })
    await copyAsItLies(folder, join(folders, String(life + 1)))
    await store.close()
  }
  expect(warnings).toEqual([])
})

/** As a kill would leave it. LevelDB removes files meanwhile: then once more. */
async function copyAsItLies(from: string, to: string): Promise<void> {
  for (;;) {
    try {
      return await cp(from, to, { recursive: true })
    } catch (error) {
      if (Reflect.get(Object(error), 'code') !== 'ENOENT') throw error
      await rm(to, { recursive: true })
    }
  }
}

function warningsDuringTest(): readonly unknown[] {
  const warnings: unknown[] = []
  const processOnWarning = (warning: unknown): void => void warnings.push(warning)
  process.on('warning', processOnWarning)
  onTestFinished(() => void process.off('warning', processOnWarning))
  return warnings
}

test('[D3] a program that is killed anywhere has on its disk what its status said, and the relay gets all', async () => {
  const folder = await folderForTest()
  const seed = seedOfThisRun()
  const chance = chanceFrom(seed)
  let kept: unknown[] = []
  const warnings = warningsDuringTest()
  for (let round = 0; round < 4; round++) {
    const program = fileURLToPath(new URL('node-store-writer.mjs', import.meta.url))
    const child = spawn(process.execPath, [program, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
    onTestFinished(() => void child.kill('SIGKILL'))
    const ended = once(child, 'exit')
    let told = 0
    let words = chance.between(1, 25)
    for await (const line of createInterface({ input: child.stdout })) {
      told = Number(line)
      words -= 1
      if (words !== 0) continue
      await expect(openLevelStore(folder)).rejects.toMatchObject({ code: 'store-in-use' })
      child.kill('SIGKILL')
    }
    expect(await ended, `seed ${seed}`).toEqual([null, 'SIGKILL'])
    const before = kept.length
    kept = await numbersIn(folder)
    expect(told, `seed ${seed}`).toBeGreaterThan(before)
    expect(kept.length, `seed ${seed}`).toBeGreaterThanOrEqual(told)
    expect(kept).toEqual(Array.from({ length: kept.length }, (_, index) => index))
  }

  await using relay = await startRelayProcess()
  const workspace = workspaceOn(await openLevelStore(folder), relay.url)
  const document = workspace.open('numbers')
  await untilStatus(document.status, ({ isSaved, phase }) => isSaved && phase === 'live')
  await workspace.close()
  const other = workspaceOn(await openLevelStore(await folderForTest()), relay.url)
  const there = other.open('numbers')
  await untilStatus(there.status, ({ phase }) => phase === 'live')
  expect(there.doc.getArray('numbers').toArray()).toEqual(kept)
  await other.close()
  // A kill is no damage.
  expect(warnings, `seed ${seed}`).toEqual([])
}, 120_000)

test('[T1] the program in docs/CLIENT.md runs, and finds what it wrote when it runs again', async () => {
  await using relay = await startRelayProcess()
  const text = await readFile(`${root}docs/CLIENT.md`, 'utf8')
  const [, program = ''] = /<!-- node -->\n```js\n([^]*?)```/.exec(text) ?? []
  const folder = await folderForTest()
  await mkdir(join(folder, 'node_modules'))
  await symlink(root, join(folder, 'node_modules', 'syncline'))
  await symlink(join(root, 'node_modules', 'ws'), join(folder, 'node_modules', 'ws'))
  await writeFile(join(folder, 'program.mjs'), program.replace(/ws:\/\/[^']*/, relay.url))
  const run = () => promisify(execFile)(process.execPath, ['program.mjs'], { cwd: folder })
  expect((await run()).stdout).toBe('milk\n{ isSaved: true }\n')
  expect((await run()).stdout).toBe('milk, milk\n{ isSaved: true }\n')
})
