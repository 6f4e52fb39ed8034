// The layering of the folders, proved by breaking it: in a copy of the project's own compiler settings, each
// forbidden line has to be a compile error, and each allowed one has to compile.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
let copy: string

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'syncline-layers-'))
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  writeFileSync(join(copy, 'package.json'), '{ "type": "module" }')
  cpSync(join(root, 'tsconfig.base.json'), join(copy, 'tsconfig.base.json'))
  cpSync(join(root, '.oxlintrc.json'), join(copy, '.oxlintrc.json'))
  mkdirSync(join(copy, 'editor'))
  for (const folder of ['shared', 'server', 'client', 'types', 'react', 'node']) {
    mkdirSync(join(copy, folder))
    cpSync(join(root, folder, 'tsconfig.json'), join(copy, folder, 'tsconfig.json'))
    writeFileSync(join(copy, folder, 'noun.ts'), `export const noun: string = '${folder}'\n`)
  }
})

afterAll(() => {
  rmSync(copy, { recursive: true })
})

/** What the compiler says of a file with these lines in this folder. */
function compile(folder: string, lines: string): { succeeded: boolean; output: string } {
  const file = join(copy, folder, 'tried.ts')
  writeFileSync(file, `${lines}\n`)
  const compiler = join(root, 'node_modules', '.bin', 'tsc')
  const { status, stdout } = spawnSync(compiler, ['-b', folder], { cwd: copy, encoding: 'utf8' })
  rmSync(file)
  return { succeeded: status === 0, output: stdout }
}

/** What the linter says of a file with these lines in this folder, by the project's own rules. */
function lint(folder: string, lines: string): { succeeded: boolean; output: string } {
  const file = join(copy, folder, 'tried.ts')
  writeFileSync(file, `${lines}\n`)
  const linter = join(root, 'node_modules', '.bin', 'oxlint')
  const { status, stdout } = spawnSync(linter, [`${folder}/tried.ts`], { cwd: copy, encoding: 'utf8' })
  rmSync(file)
  return { succeeded: status === 0, output: stdout }
}

const use = (path: string) => `import { noun } from '${path}'\nexport const tried: string = noun`

test.each([
  { folder: 'shared', lines: use('./noun.ts') },
  { folder: 'server', lines: use('../shared/noun.ts') },
  {
    folder: 'server',
    lines: `import { readFileSync } from 'node:fs'\nexport const tried: unknown = readFileSync`,
  },
  { folder: 'client', lines: use('../shared/noun.ts') },
  { folder: 'client', lines: 'export const tried: unknown = new WebSocket("ws://localhost")' },
  { folder: 'react', lines: use('../client/noun.ts') },
  { folder: 'react', lines: use('../types/noun.ts') },
  { folder: 'node', lines: use('../client/noun.ts') },
  { folder: 'node', lines: use('../server/noun.ts') },
  { folder: 'types', lines: `import * as Y from 'yjs'\nexport const tried: unknown = Y.Doc` },
])('$folder may: $lines', ({ folder, lines }) => {
  expect(compile(folder, lines)).toEqual({ succeeded: true, output: '' })
})

test.each([
  { folder: 'shared', lines: use('../server/noun.ts'), error: 'TS6307' },
  { folder: 'shared', lines: use('../client/noun.ts'), error: 'TS6307' },
  { folder: 'server', lines: use('../client/noun.ts'), error: 'TS6307' },
  { folder: 'client', lines: use('../server/noun.ts'), error: 'TS6307' },
  { folder: 'shared', lines: 'setTimeout(() => 1, 1)', error: 'TS2304' },
  { folder: 'shared', lines: 'console.log(1)', error: /TS2584|TS2304/ },
  { folder: 'shared', lines: 'export const tried: unknown = process.env', error: /TS2580|TS2591|TS2304/ },
  { folder: 'shared', lines: 'export const tried: unknown = new WebSocket("")', error: /TS2304|TS2584/ },
  { folder: 'shared', lines: `import 'node:fs'`, error: /TS2307|TS2591|TS2882/ },
  { folder: 'client', lines: `import 'node:fs'`, error: /TS2307|TS2591|TS2882/ },
  { folder: 'client', lines: use('../react/noun.ts'), error: 'TS6307' },
  { folder: 'client', lines: use('../node/noun.ts'), error: 'TS6307' },
  { folder: 'server', lines: use('../node/noun.ts'), error: 'TS6307' },
  { folder: 'react', lines: use('../server/noun.ts'), error: 'TS6307' },
  { folder: 'react', lines: `import 'node:fs'`, error: /TS2307|TS2591|TS2882/ },
  { folder: 'types', lines: use('../shared/noun.ts'), error: 'TS6307' },
  { folder: 'types', lines: use('../client/noun.ts'), error: 'TS6307' },
  { folder: 'types', lines: 'export const tried: unknown = document.body', error: /TS2584|TS2304/ },
  { folder: 'server', lines: 'export const tried: unknown = document.body', error: /TS2584|TS2304/ },
])('$folder may not: $lines', ({ folder, lines, error }) => {
  const { succeeded, output } = compile(folder, lines)
  expect(succeeded, dirname(output)).toBe(false)
  expect(output).toMatch(error)
})

test.each([
  './beside.ts',
  '../stock/textarea.ts',
  'yjs',
  'syncline/client',
  'syncline/react',
  'syncline/types',
])('editor may import %s', (path) => {
  const { succeeded, output } = lint('editor', use(path))
  expect(succeeded, output).toBe(true)
})

test.each([
  '../client/engine.ts',
  '../../client/engine.ts',
  '../../client/index.ts',
  '../../shared/replica.ts',
  '../../server/relay.ts',
  '../../types/counter.ts',
  '../../react/index.ts',
  '../../node/index.ts',
  'syncline/server',
])('editor may not import %s', (path) => {
  const { succeeded, output } = lint('editor', use(path))
  expect(succeeded).toBe(false)
  expect(output).toContain('by its public entries')
})

test.each([
  { folder: 'react', path: '../client/index.ts' },
  { folder: 'react', path: '../types/index.ts' },
  { folder: 'node', path: '../server/level-store.ts' },
])('$folder may import $path', ({ folder, path }) => {
  const { succeeded, output } = lint(folder, use(path))
  expect(succeeded, output).toBe(true)
})

test.each([
  { folder: 'react', path: '../client/engine.ts' },
  { folder: 'react', path: '../shared/store.ts' },
  { folder: 'react', path: '../types/counter.ts' },
  { folder: 'node', path: '../client/engine.ts' },
  { folder: 'node', path: '../server/relay.ts' },
])('$folder may not import $path', ({ folder, path }) => {
  const { succeeded, output } = lint(folder, use(path))
  expect(succeeded).toBe(false)
  expect(output).toContain('public entr')
})
