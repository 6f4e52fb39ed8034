// Dockerfile and compose.yaml, as far as they can be looked at without an engine: what they name is there, what they set is
// an option, and the health check runs.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { optionNames, options, variableOf } from '../../server/options.ts'
import { firstCertificate } from '../certificates.ts'
import { startRelayProcess, temporaryFolder } from '../relay-process.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (name: string) => readFileSync(join(root, name), 'utf8')

type Variables = Readonly<Record<string, string>>

/** Instructions with what follows them, continued lines joined, without comments. */
function instructions(): { readonly name: string; readonly words: string }[] {
  const lines = read('Dockerfile')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  return lines.map((line) => {
    const [name = '', ...words] = line.split(' ')
    return { name, words: words.join(' ') }
  })
}

function wordsOf(name: string): string[] {
  return instructions().flatMap((instruction) => (instruction.name === name ? [instruction.words] : []))
}

test('the image is built in stages, runs without rights, and has its data in a volume', () => {
  const known = /^(FROM|WORKDIR|COPY|RUN|ENV|USER|VOLUME|EXPOSE|STOPSIGNAL|HEALTHCHECK|ENTRYPOINT|CMD)$/
  for (const { name } of instructions()) expect(name).toMatch(known)
  expect(wordsOf('FROM').length).toBe(2)
  expect(wordsOf('USER')).toEqual(['node'])
  expect(wordsOf('VOLUME')).toEqual(['/data'])
  const names = instructions().map(({ name }) => name)
  expect(names.indexOf('USER')).toBeGreaterThan(names.lastIndexOf('RUN'))
  expect(read('.dockerignore').split('\n')).toEqual(
    expect.arrayContaining(['node_modules', 'data', 'dist', '.git']),
  )
})

test('what the image copies and starts is there, and it has what the package has', () => {
  for (const words of wordsOf('COPY')) {
    const [from = '', ...rest] = words.split(' ')
    const isOwn = !from.startsWith('--from')
    const sources = isOwn
      ? [from, ...rest].slice(0, -1)
      : rest.slice(0, -1).map((path) => path.replace('/app/', ''))
    for (const source of sources) expect(existsSync(join(root, source)), source).toBe(true)
  }
  const [entry = '[]'] = wordsOf('ENTRYPOINT')
  const [, program = ''] = JSON.parse(entry)
  expect(existsSync(join(root, program))).toBe(true)
  const copied = wordsOf('COPY').flatMap((words) => /\/app\/(dist\/\S+)/.exec(words)?.[1] ?? [])
  expect(copied.toSorted()).toEqual(JSON.parse(read('package.json')).files.toSorted())
})

test('every variable that image and compose file set is an option, with a value that it takes', () => {
  const said = [
    ...read('Dockerfile').matchAll(/(SYNCLINE_[A-Z_]+)=(\S+)/g),
    ...read('compose.yaml').matchAll(/(SYNCLINE_[A-Z_]+): (\S+)/g),
  ]
  expect(said.length).toBeGreaterThan(5)
  for (const [, variable = '', value = ''] of said) {
    const name = optionNames.find((option) => variableOf(option) === variable)
    if (name === undefined) throw new Error(`${variable} is no option.`)
    expect(() => options[name].read(value), variable).not.toThrow()
  }
  expect(wordsOf('EXPOSE')).toEqual([options.port.fallback])
})

test('the compose file is indented as YAML is, publishes to this machine only, and gives a stop enough time', () => {
  const lines = read('compose.yaml').split('\n')
  for (const line of lines) expect(line).toMatch(/^(?: {2})*(?:- )?[^\s]|^$/)
  expect(lines).toContain('      - 127.0.0.1:4410:4410')
  const seconds = (pattern: RegExp) => Number(pattern.exec(read('compose.yaml'))?.[1])
  expect(seconds(/stop_grace_period: (\d+)s/)).toBeGreaterThan(seconds(/SYNCLINE_DRAIN_TIME: (\d+)s/) + 2)
})

test('the health check of the image finds a relay that lives, and none that does not', async () => {
  const [check = ''] = wordsOf('HEALTHCHECK')
  const [command = '', ...words]: string[] = JSON.parse(check.slice(check.indexOf('[')))
  const checked = (port: number, more: Variables) => {
    const environment = { ...process.env, SYNCLINE_HOST: '0.0.0.0', SYNCLINE_PORT: String(port), ...more }
    return spawnSync(command, words, { cwd: root, env: environment }).status
  }
  const folder = await temporaryFolder()
  const tls = { SYNCLINE_TLS_CERT: join(folder, 'cert.pem'), SYNCLINE_TLS_KEY: join(folder, 'key.pem') }
  await writeFile(tls.SYNCLINE_TLS_CERT, firstCertificate.cert)
  await writeFile(tls.SYNCLINE_TLS_KEY, firstCertificate.key)
  const rows: [said: Variables, same: Variables, other: Variables][] = [
    [{}, {}, tls],
    [{ SYNCLINE_PATH_PREFIX: '/sync' }, { SYNCLINE_PATH_PREFIX: '/sync/' }, {}],
    [{ SYNCLINE_PATH_PREFIX: '/' }, { SYNCLINE_PATH_PREFIX: '/' }, { SYNCLINE_PATH_PREFIX: '/sync' }],
    [tls, tls, {}],
  ]
  for (const [said, same, other] of rows) {
    const relay = await startRelayProcess({ env: said })
    expect(checked(relay.port, same)).toBe(0)
    expect(checked(relay.port, other)).toBe(1)
    await relay[Symbol.asyncDispose]()
    expect(checked(relay.port, same)).toBe(1)
  }
  await rm(folder, { recursive: true })
})
