// packed.test.ts — the package as npm would publish it, in a project of somebody else: what is in it, what its entries
// export, that their types are found, that its program runs. No network: what it depends on is this checkout's.
import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const manifest: {
  readonly dependencies: Record<string, string>
  readonly peerDependencies: Record<string, string>
  readonly exports: Record<string, unknown>
  readonly bin: { readonly syncline: string }
} = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

/** Of the package's code; the pages are built by other means. */
const folders = ['client', 'node', 'react', 'server', 'shared', 'types']

/** What the types of dependencies are in, and nothing that runs. */
const typesOnly = ['@types/node', '@types/react', '@types/ws', 'csstype', 'undici-types']

let project: string
let files: readonly string[]

/** What a program of the project says; its failure is told with all that it said. */
async function run(program: string, ...words: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(program, words, { cwd: project }).catch((error: unknown) => {
    throw new Error(`${String(error)}\n${String(Reflect.get(Object(error), 'stdout'))}`)
  })
  return stdout
}

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'syncline-packed-'))
  const packing = [
    'pack',
    root,
    '--pack-destination',
    project,
    '--ignore-scripts',
    '--json',
    '--loglevel=error',
  ]
  const [packed] = JSON.parse(await run('npm', ...packing))
  files = packed.files.map(({ path }: { readonly path: string }) => path)
  const place = join(project, 'node_modules', 'syncline')
  await mkdir(place, { recursive: true })
  await run('tar', '-xzf', join(project, packed.filename), '-C', place, '--strip-components=1')
  for (const name of [
    ...Object.keys(manifest.dependencies),
    ...Object.keys(manifest.peerDependencies),
    ...typesOnly,
  ]) {
    const link = join(project, 'node_modules', name)
    await mkdir(dirname(link), { recursive: true })
    await symlink(join(root, 'node_modules', name), link)
  }
  await writeFile(join(project, 'package.json'), '{ "type": "module" }')
})

afterAll(async () => {
  await rm(project, { recursive: true, force: true })
})

test('what belongs is in it, all of it, and nothing else', () => {
  const code = files.filter((path) => folders.some((folder) => path.startsWith(`dist/${folder}/`)))
  const made = folders.flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith('.ts'))
      .map((name) => `dist/${folder}/${name.slice(0, -3)}`),
  )
  const expected = made.flatMap((path) => [`${path}.js`, `${path}.js.map`, `${path}.d.ts`])
  expect(code.toSorted()).toEqual(expected.toSorted())
  const rest = files.filter((path) => !code.includes(path))
  const pages = rest.filter((path) => path.startsWith('dist/pages/'))
  expect(rest.filter((path) => !pages.includes(path)).toSorted()).toEqual([
    'LICENSE',
    'README.md',
    'package.json',
  ])
  expect(pages).toEqual(
    expect.arrayContaining([
      'dist/pages/notes/index.html',
      'dist/pages/stock/index.html',
      'dist/pages/sw.js',
    ]),
  )
  for (const path of pages) expect(path).toMatch(/\.(html|css|svg|js|webmanifest)$/)
})

test('who looks into it while debugging finds the sources, which are not beside it', () => {
  for (const path of files.filter((name) => name.endsWith('.js.map'))) {
    const map = JSON.parse(readFileSync(join(project, 'node_modules', 'syncline', path), 'utf8'))
    expect(map.sourcesContent?.length, path).toBe(map.sources.length)
  }
})

test('every entry is imported by its name, with what it says it exports', async () => {
  const script = `const all = {}
    for (const name of ${JSON.stringify(Object.keys(manifest.exports))})
      all[name] = Object.keys(await import(name.replace('.', 'syncline'))).sort()
    console.log(JSON.stringify(all))`
  expect(JSON.parse(await run(process.execPath, '--input-type=module', '--eval', script))).toEqual({
    './client': [
      'MemoryStore',
      'SynclineError',
      'SynclineProvider',
      'documentBeginning',
      'openWorkspace',
      'updatesIn',
    ],
    './node': ['openLevelStore'],
    './react': [
      'HookError',
      'WorkspaceProvider',
      'useCounter',
      'useDocument',
      'usePresence',
      'useSyncStatus',
      'useWorkspace',
    ],
    './server': ['RelayError', 'createRelay', 'defineConfig'],
    './types': ['CounterError', 'counter', 'removedSince', 'unseenWords'],
  })
})

const program = `import { createElement } from 'react'
import { createRelay, defineConfig } from 'syncline/server'
import type { EmbeddedRelay } from 'syncline/server'
import { openWorkspace, SynclineError } from 'syncline/client'
import type { DocumentStatus, Saved, Workspace } from 'syncline/client'
import { openLevelStore } from 'syncline/node'
import { useCounter, useDocument, usePresence, useSyncStatus, WorkspaceProvider } from 'syncline/react'
import { counter } from 'syncline/types'
import { WebSocket } from 'ws'
import type { Doc } from 'yjs'

const relay: EmbeddedRelay = await createRelay(defineConfig({ data: './data' }))
const workspace: Workspace = openWorkspace({
  url: 'ws://127.0.0.1:4410',
  store: await openLevelStore('./notes'),
  socketClass: WebSocket,
})
const note = workspace.open('shopping')
const status: DocumentStatus = note.status.current
const saved: Saved = await note.saved()
const doc: Doc = note.doc
counter(doc, 'likes').add(1)
const reason: string | undefined = saved.isSaved ? undefined : saved.reason

function Likes(): string {
  const shown = useDocument('shopping')
  const { current, add } = useCounter(shown?.doc ?? doc, 'likes')
  const [peer] = usePresence('shopping', { user: 'Ann' })
  const { isSaved } = useSyncStatus('shopping')
  const { keeps } = useSyncStatus()
  if (isSaved && keeps === 'disk') add(1)
  // @ts-expect-error A counter counts with numbers: what is found here are types, and not any.
  add('1')
  // @ts-expect-error Nobody knows what a peer says.
  const name: string = peer?.state['user']
  return \`\${current} \${name}\`
}

export const page = createElement(WorkspaceProvider, { workspace }, createElement(Likes))
export const code = (error: unknown) => (error instanceof SynclineError ? error.code : undefined)
// @ts-expect-error There is no such code.
export const isOther = (error: SynclineError) => error.code === 'other'
console.log(status.pending, reason)
await relay.close()
`

test.each([
  { module: 'nodenext', moduleResolution: 'nodenext' },
  { module: 'esnext', moduleResolution: 'bundler' },
])('the types of every entry are found under moduleResolution $moduleResolution', async (way) => {
  const compilerOptions = {
    ...way,
    target: 'es2023',
    lib: ['es2023', 'dom'],
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    types: ['node'],
  }
  await writeFile(join(project, 'program.ts'), program)
  await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['program.ts'] }))
  expect(await run(join(root, 'node_modules', '.bin', 'tsc'), '-p', project)).toBe('')
})

test('its program runs by its name', async () => {
  const [target, link] = [manifest.bin.syncline, join(project, 'node_modules', '.bin', 'syncline')]
  const main = join(project, 'node_modules', 'syncline', target)
  expect(existsSync(main)).toBe(true)
  // As npm does it when it installs.
  await mkdir(dirname(link), { recursive: true })
  await symlink(main, link)
  await chmod(main, 0o755)
  expect(await run('npx', '--no-install', 'syncline', '--help')).toMatch(/^syncline \[serve\]/)
})
