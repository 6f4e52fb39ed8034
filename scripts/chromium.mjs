// chromium.mjs — finds a Chromium for the browser tests, or gets one: `node scripts/chromium.mjs` prints its path.
// Knows: where systems put browsers, and two ways to install one. Must not know: what is tested with it.
// It never gives up in silence: no browser is an error that names the command to run.
import { spawnSync } from 'node:child_process'
import { constants } from 'node:fs'
import { access, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { delimiter, dirname, join } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
const usualPlaces = {
  linux: ['/usr/lib/chromium/chromium', '/opt/google/chrome/chrome', '/snap/bin/chromium'],
  darwin: [
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  ],
  win32: [process.env['ProgramFiles'], process.env['ProgramFiles(x86)'], process.env['LocalAppData']]
    .filter((folder) => folder !== undefined)
    .map((folder) => join(folder, 'Google', 'Chrome', 'Application', 'chrome.exe')),
}

const downloadMsMax = 5 * 60_000
const aptMsMax = 10 * 60_000

/** @returns {Promise<string | undefined>} */
export async function findChromium() {
  const chosen = process.env['CHROMIUM_PATH']
  if (chosen !== undefined && chosen !== '') {
    // To take another one than the one asked for would be worse than to fail.
    if (await runs(chosen)) return chosen
    throw new Error(`CHROMIUM_PATH is ${chosen}, and no browser runs from there.`)
  }
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  const onPath = folders.flatMap((folder) => names.map((name) => join(folder, name)))
  for (const path of [...onPath, ...(usualPlaces[process.platform] ?? [])]) {
    if (await runs(path)) return path
  }
  const { chromium } = await import('playwright-core')
  const own = chromium.executablePath()
  return own !== '' && (await runs(own)) ? own : undefined
}

/** @returns {Promise<string>} */
export async function ensureChromium() {
  const tried = []
  for (const install of [undefined, installByPlaywright, installByApt]) {
    if (install !== undefined) tried.push(await install())
    const path = await findChromium()
    if (path !== undefined) return path
  }
  throw new Error(
    `The browser tests need a Chromium. ${tried.join(' ')} Please run: ${await commandForPeople()}\n` +
      'Or set CHROMIUM_PATH to the one you have.',
  )
}

/**
 * Whether a browser answers from there. A file alone proves little: Ubuntu's `chromium-browser` is a script that
 * only names a package, and a downloaded browser may lack a library.
 */
async function runs(path) {
  try {
    await access(path, constants.X_OK)
  } catch {
    return false
  }
  // On Windows `--version` opens a window.
  if (process.platform === 'win32') return true
  const answer = spawnSync(path, ['--version'], { encoding: 'utf8', timeout: 30_000 })
  return answer.status === 0 && /\d+\.\d+\.\d+/.test(answer.stdout)
}

async function installByPlaywright() {
  const playwright = dirname(createRequire(import.meta.url).resolve('playwright-core/package.json'))
  const command = [process.execPath, join(playwright, 'cli.js'), 'install', 'chromium']
  return run('Playwright’s download', command, downloadMsMax)
}

async function installByApt() {
  if (!(await isDebian())) return 'This is not Debian.'
  if (process.getuid?.() !== 0) return 'Only root may install Debian packages.'
  const update = run('apt-get update', ['apt-get', 'update'], aptMsMax)
  const command = ['apt-get', 'install', '-y', '--no-install-recommends', 'chromium']
  const install = run('apt-get install', command, aptMsMax)
  return `${update} ${install}`
}

/** Runs a program in front of the person who waits, on stderr: stdout is for the path alone. */
function run(title, [program, ...rest], msMax) {
  console.error(`No Chromium here yet. Trying ${title} …`)
  const outcome = spawnSync(program, rest, {
    stdio: ['ignore', 2, 2],
    timeout: msMax,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  })
  if (outcome.error !== undefined) return `${title} failed: ${outcome.error.message}.`
  return outcome.status === 0
    ? `${title} ended well.`
    : `${title} failed with ${outcome.status ?? outcome.signal}.`
}

/** Ubuntu's package of that name is none: it installs a snap, which a container cannot run. */
async function isDebian() {
  try {
    return /^ID=debian$/m.test(await readFile('/etc/os-release', 'utf8'))
  } catch {
    return false
  }
}

async function commandForPeople() {
  if (await isDebian()) return 'sudo apt-get install -y chromium'
  return 'npx playwright-core install --with-deps chromium'
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    console.log(await ensureChromium())
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  }
}
