// Copies of the data: made while people write, looked at, gone back to.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import * as Y from 'yjs'
import { expect, test } from 'vitest'
import { startRelayProcess } from '../relay-process.ts'
import {
  program,
  people,
  start,
  person,
  command,
  here,
  contentOf,
  isRevokedIn,
  rowsOf,
  smallData,
  stop,
} from './copied-data.ts'

test('[D1] [C2] a backup made while people write has all that was shown before it began, and is whole', async () => {
  const data = here('data')
  await start(data)
  const reader = await person('story')
  const writers = await Promise.all([1, 2, 3].map(() => person('story')))
  let isOver = false
  const writing = (async () => {
    for (let n = 0; !isOver; n++) {
      const shown = new Promise((resolve) => reader.doc.once('update', resolve))
      for (const writer of writers) writer.write(`w${n} `)
      await shown
    }
  })()
  const before: Uint8Array[] = []
  for (let round = 0; round < 3; round++) {
    await new Promise((resolve) => reader.doc.once('update', resolve))
    before.push(Y.encodeStateAsUpdate(reader.doc))
    expect(await command('backup', here(`backup-${round}`), '--data', data)).toMatchObject({ code: 0 })
  }
  isOver = true
  await writing
  const live = await command('verify', '--data', data)
  expect(live).toMatchObject({ code: 0, said: expect.stringMatching(/^story .* whole\n/m) })
  for (const somebody of people.splice(0)) somebody[Symbol.dispose]()
  await stop()

  for (const [round, shown] of before.entries()) {
    const backup = here(`backup-${round}`)
    const verified = await command('verify', backup)
    expect(verified, verified.said).toMatchObject({ code: 0, said: expect.stringContaining('all whole.') })
    const restored = here(`restored-${round}`)
    expect(await command('restore', backup, '--data', restored)).toMatchObject({ code: 0 })
    await start(restored)
    const again = await person('story')
    expect(Y.snapshotContainsUpdate(Y.snapshot(again.doc), shown), `round ${round}`).toBe(true)
    for (const somebody of people.splice(0)) somebody[Symbol.dispose]()
    await stop('SIGKILL')
  }
}, 120_000)

test('[E1] who is newer than a restored relay gives it back what it lacks', async () => {
  const data = await smallData()
  expect(await command('backup', here('backup'), '--data', data)).toMatchObject({ code: 0 })
  const { port } = await start(data)
  const author = await person('story')
  const witness = await person('story')
  const shown = new Promise((resolve) => witness.doc.once('update', resolve))
  author.write(' and four')
  await shown
  witness[Symbol.dispose]()
  author.goOffline()
  await stop('SIGKILL')
  expect(await command('restore', here('backup'), '--data', here('restored'))).toMatchObject({ code: 0 })
  await start(here('restored'), port)
  await author.comeBack()
  const reader = await person('story')
  await new Promise<void>((resolve) => {
    const look = () => reader.words === 'one two three and four' && resolve()
    reader.doc.on('update', look)
    look()
  })
})

test('without a relay the command reads the data itself', async () => {
  const data = await smallData()
  const backed = await command('backup', here('backup'), '--data', data)
  expect(backed).toMatchObject({ code: 0, said: expect.stringContaining('secret key: keep it as safe') })
  expect(await command('verify', here('backup'))).toMatchObject({ code: 0 })
})

test('[D1] nothing is ever written over: neither by a backup nor by a restore', async () => {
  const data = await smallData()
  await command('backup', here('backup'), '--data', data)
  expect(await command('backup', here('backup'), '--data', data)).toMatchObject({
    code: 1,
    said: expect.stringMatching(/is not empty, and nothing is ever written over.*\(not-empty\)/),
  })
  expect(await command('restore', here('backup'), '--data', data)).toMatchObject({
    code: 1,
    said: expect.stringContaining('(not-empty)'),
  })
  expect((await rowsOf(data)).length).toBe(3)
})

test('[D1] what is no backup, and what is no data, is said to be so, and nothing is made of it', async () => {
  const data = await smallData()
  expect(await command('restore', data, '--data', here('new'))).toMatchObject({
    code: 1,
    said: expect.stringContaining('is no backup'),
  })
  expect(await command('backup', here('backup'), '--data', here('nothing'))).toMatchObject({
    code: 1,
    said: expect.stringContaining(`There is no data in ${here('nothing')}. (no-data)`),
  })
  expect(await command('verify', here('nothing'))).toMatchObject({ code: 1 })
  expect(existsSync(here('nothing'))).toBe(false)
})

test('[D1] a backup is looked at and restored without a byte of it being changed', async () => {
  const data = await smallData()
  await command('backup', here('backup'), '--data', data)
  const before = await contentOf(here('backup'))
  expect(await command('verify', here('backup'))).toMatchObject({ code: 0 })
  expect(await command('restore', here('backup'), '--data', here('new'))).toMatchObject({ code: 0 })
  expect(await contentOf(here('backup'))).toEqual(before)
  expect((await rowsOf(here('new'))).length).toBe(3)
})

test('[S1] a restore says that what was revoked since counts again; with --revoke-tokens no token of before does', async () => {
  const data = await smallData()
  await command('backup', here('backup'), '--data', data)
  const restored = await command('restore', here('backup'), '--data', here('new'))
  expect(restored.said).toMatch(/Tokens that were revoked after .* count again/)
  const bearer = { tenant: '', subject: 'ana', id: undefined, issuedAt: Date.now() - 1 } as const
  expect(await isRevokedIn(here('new'), bearer)).toBe(false)
  const safe = await command('restore', here('backup'), '--data', here('safe'), '--revoke-tokens')
  expect(safe).toMatchObject({ code: 0, said: expect.stringContaining('counts any more') })
  expect(await isRevokedIn(here('safe'), bearer)).toBe(true)
  expect(await isRevokedIn(here('safe'), { ...bearer, issuedAt: Date.now() + 1000 })).toBe(false)
  expect(await command('verify', here('safe'))).toMatchObject({ code: 0 })
})

test('a folder that something else uses is said to be so', async () => {
  const data = await smallData()
  const holder = spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `import { ClassicLevel } from 'classic-level'; await new ClassicLevel(${JSON.stringify(data)}).open(); console.log('open'); setInterval(() => 1, 1000)`,
    ],
    { cwd: fileURLToPath(new URL('../..', import.meta.url)), stdio: ['ignore', 'pipe', 'inherit'] },
  )
  await once(holder.stdout, 'data')
  const backed = await command('backup', here('backup'), '--data', data)
  expect(backed).toMatchObject({ code: 1, said: expect.stringContaining('(relay-silent)') })
  expect(
    spawnSync(process.execPath, [program, 'serve', '--port', '0', '--data', data], { encoding: 'utf8' })
      .stderr,
  ).toContain('(data-in-use)')
  holder.kill()
  await once(holder, 'exit')
})

test('data on a full disk is not called unreadable: nobody needs a backup for it', async () => {
  const data = await smallData()
  await expect(startRelayProcess({ data, fileBytesMax: 0 })).rejects.toThrow(/Make room .*\(disk-full\)/)
  expect(await command('verify', data)).toMatchObject({ code: 0 })
})

test('[D1] a backup that finds no room says so, and leaves nothing that could pass for one', async () => {
  const data = await smallData()
  const words = ['backup', here('backup'), '--data', data]
  const limited = ['-c', `trap '' XFSZ; ulimit -f 0; exec "$@"`, 'bash', process.execPath, program, ...words]
  const { status, stderr } = spawnSync('bash', limited, { encoding: 'utf8' })
  expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringMatching(/no room .*\(disk-full\)/) })
})
