// variant.ts — a compiled copy of the machines, the host and the simulator, with some lines changed: limits made
// small, so that a short life meets them, and sometimes one planted bug. Knows: the compiler, where sources lie. Must
// not know: what the lines mean. The checkout itself is never touched; a line that is not there any more is an error.
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export type Change = { readonly file: string; readonly find: string; readonly replace: string }

export type Variant = { readonly directory: string; readonly worker: string }

/** Tests and scripts run with the project's root as working directory. */
const root = process.cwd()
const folders = ['shared', 'server', 'test/sim']
const files = ['tsconfig.base.json', 'test/chance.ts', 'test/editing-session.ts']

/**
 * So small that a life of a few hundred keystrokes reads in pages, folds, forgets and holds back. Numbers that say how
 * hostile a peer may be stay as they are.
 */
const smallLimits: Record<string, Record<string, number>> = {
  'shared/limits.ts': {
    foldRowsMin: 14,
    foldBytesMin: 3_000,
    tailRowsMax: 3,
    deliveryUpdatesMax: 6,
    deliveryBytesMax: 400,
    pageEntriesMax: 5,
    pushEntriesMax: 6,
    heldBackMax: 6,
    waitingBytesMax: 400,
    commitIntentsMax: 12,
    fragmentBytesMax: 600,
    documentRootsMax: 6,
  },
  'shared/replica-limits.ts': { foldRowsMin: 10, foldTailRows: 4, pushBytesMax: 300, writeChangesMax: 5 },
}

export function makeVariant(name: string, changes: readonly Change[]): Variant {
  const directory = join(root, 'dist', '.sim', name)
  const sources = join(directory, 'sources')
  rmSync(directory, { recursive: true, force: true })
  for (const folder of folders) copyFolder(folder, sources)
  for (const file of files) copyFileSync(join(root, file), join(sources, file))
  for (const change of [...limitChanges(sources), ...changes]) apply(change, sources)
  compile(sources, join(directory, 'compiled'))
  return { directory, worker: join(directory, 'compiled', 'test', 'sim', 'worker.js') }
}

function copyFolder(folder: string, sources: string): void {
  mkdirSync(join(sources, folder), { recursive: true })
  for (const file of readdirSync(join(root, folder))) {
    if (file.endsWith('.ts') && !file.endsWith('.test.ts'))
      copyFileSync(join(root, folder, file), join(sources, folder, file))
  }
}

function limitChanges(sources: string): Change[] {
  return Object.entries(smallLimits).flatMap(([file, limits]) => {
    const text = readFileSync(join(sources, file), 'utf8')
    return Object.entries(limits).map(([name, value]) => {
      const find = new RegExp(`export const ${name}(: number)? = .*`).exec(text)?.[0]
      if (find === undefined) throw new Error(`There is no limit «${name}» in ${file} any more.`)
      return { file, find, replace: `export const ${name}: number = ${value}` }
    })
  })
}

function apply({ file, find, replace }: Change, sources: string): void {
  const path = join(sources, file)
  const [before, after, ...more] = readFileSync(path, 'utf8').split(find)
  if (before === undefined || after === undefined || more.length > 0)
    throw new Error(`These lines are not there once in ${file}, so they cannot be changed:\n${find}`)
  writeFileSync(path, before + replace + after)
}

/** Types were checked where the sources are; a planted bug may well break them. */
function compile(sources: string, compiled: string): void {
  const settings = {
    extends: './tsconfig.base.json',
    compilerOptions: {
      rootDir: '.',
      outDir: compiled,
      composite: false,
      isolatedDeclarations: false,
      sourceMap: false,
      inlineSources: false,
      noCheck: true,
      types: ['node'],
    },
    files: ['test/sim/worker.ts'],
  }
  writeFileSync(join(sources, 'tsconfig.json'), JSON.stringify(settings))
  const compiler = join(root, 'node_modules', '.bin', 'tsc')
  const { status, stdout, stderr } = spawnSync(compiler, ['-p', sources], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`The simulator does not compile:\n${stdout}${stderr}`)
}
