// run.mjs — what the commands share: installing what is missing, running a program, knowing what is out of date.
// Plain JavaScript without dependencies, because it runs on a clean clone.
import { spawnSync } from 'node:child_process'
import { existsSync, lstatSync, readdirSync, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))

const tools = join(root, 'node_modules', '.bin')
const environment = { ...process.env, PATH: `${tools}${delimiter}${process.env.PATH}` }

/** Runs a program, the project's own tools before others, in the project's root; says whether it succeeded. */
export function run(program, ...words) {
  // On Windows npm and the tools are scripts, which only a shell starts.
  const shell = process.platform === 'win32'
  const { status, error } = spawnSync(program, words, {
    cwd: root,
    stdio: 'inherit',
    env: environment,
    shell,
  })
  if (error !== undefined) console.error(error.message)
  return status === 0
}

export function must(succeeded, what) {
  if (succeeded) return
  console.error(`\n${what} failed.`)
  process.exit(1)
}

/** npm leaves a copy of the lock file where it installed; an older one means that something is missing. */
export function installWhatIsMissing() {
  const installed = changedAt(join(root, 'node_modules', '.package-lock.json'))
  if (installed >= changedAt(join(root, 'package-lock.json'))) return
  // npm ci would empty the folder that somebody else works with.
  const isLink = lstatSync(join(root, 'node_modules'), { throwIfNoEntry: false })?.isSymbolicLink() === true
  must(!isLink, 'To install into node_modules, which is a link to another folder,')
  console.log('Installing what is missing: npm ci. On a fresh clone it says nothing for a minute or two.')
  must(run('npm', 'ci', '--no-audit', '--no-fund'), 'The installation')
}

const sources = [
  'shared',
  'server',
  'client',
  'node',
  'react',
  'types',
  'editor',
  'package-lock.json',
  'tsconfig.base.json',
]
const builtMark = join(root, 'dist', '.built')

export function isBuildOutOfDate() {
  const builtAt = changedAt(builtMark)
  return sources.some((source) => newest(join(root, source)) > builtAt)
}

export { builtMark }

function newest(path) {
  if (!existsSync(path)) return 0
  const own = statSync(path).mtimeMs
  if (!statSync(path).isDirectory()) return own
  return Math.max(own, ...readdirSync(path).map((name) => newest(join(path, name))))
}

function changedAt(path) {
  return existsSync(path) ? statSync(path).mtimeMs : 0
}
