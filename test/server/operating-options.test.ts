// What can be said to the relay, in three places, and what it answers to words that it cannot take.
import { spawnSync } from 'node:child_process'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readCommand } from '../../server/command.ts'
import { openingErrorFrom } from '../../server/level-fault.ts'
import { optionsFromConfig } from '../../server/option-sources.ts'
import { flagOf, optionNames, options, variableOf } from '../../server/options.ts'
import { usage } from '../../server/usage.ts'
import { temporaryFolder } from '../relay-process.ts'

const program = fileURLToPath(new URL('../../dist/server/main.js', import.meta.url))
let folder: string

beforeEach(async () => {
  folder = await temporaryFolder()
})

afterEach(async () => {
  await rm(folder, { recursive: true })
})

async function configFile(text: string): Promise<string> {
  const file = join(folder, 'syncline.config.js')
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
  await writeFile(file, text)
  return file
}

async function served(words: readonly string[], environment: Record<string, string> = {}) {
  const command = await readCommand(words, environment)
  if (command.name !== 'serve') throw new Error(`It was ${command.name}.`)
  return command.options
}

test('a flag goes before a variable, a variable before the config file, the file before the default', async () => {
  const config = await configFile(
    'export default { port: 1001, host: "127.0.0.2", drainTime: "3s", linkRate: 7 }',
  )
  const environment = { SYNCLINE_PORT: '1002', SYNCLINE_HOST: '127.0.0.3', SYNCLINE_CONFIG: config }
  expect(await served(['--port', '1003'], environment)).toMatchObject({
    port: 1003,
    host: '127.0.0.3',
    drainTime: 3000,
    linkRate: 7,
    data: 'data',
  })
})

test('each option is read from what its help says: flag, variable and key, and its default is one of its values', () => {
  for (const name of optionNames) {
    const { fallback, read, saidIn } = options[name]
    expect(() => read(fallback), name).not.toThrow()
    if (saidIn === 'everywhere') expect(usage()).toContain(`${flagOf(name)} `)
    if (saidIn === 'notAsFlag') expect(usage()).toContain(variableOf(name))
    const help = usage().replaceAll(/\s+/g, ' ')
    if (fallback !== undefined && fallback !== '') expect(help).toContain(`default ${fallback}`)
  }
})

test('the program says help on standard output, and ends well', () => {
  const { status, stdout } = spawnSync(process.execPath, [program, '--help'], { encoding: 'utf8' })
  expect(status).toBe(0)
  expect(stdout.trim()).toBe(usage().trim())
})

test.each([
  [['--port', '70000'], '--port: «70000» is not a whole number from 0 to 65535.'],
  [['--port', ''], '--port: «» is not a whole number from 0 to 65535.'],
  [['--prot', '1'], '--prot is not an option.'],
  [['--durability', 'ram'], '--durability: «ram» is none of disk, os.'],
  [['--drain-time', '10'], '--drain-time: «10» is not a time'],
  [['--drain-time', 'soon'], '--drain-time: «soon» is not a time'],
  [['--largest-document', '1gb'], '--largest-document: «1gb» is not a size from 64kb to 60mb.'],
  [['--path-prefix', 'sync'], '--path-prefix: «sync» is not a path such as /sync.'],
  [
    ['--trusted-proxies', '10.0.0.0/8,proxy'],
    '--trusted-proxies: «proxy» is neither an address nor a network',
  ],
  [['--tls-cert', 'a.pem'], '--tls-cert needs --tls-key beside it.'],
  [
    ['--token-jwks', 'https://a.example/', '--token-secret-file', 'x'],
    '--token-secret-file and --token-jwks are said',
  ],
  [['srve'], '«srve» is not a command.'],
  [['serve', 'data'], 'serve takes no «data».'],
  [['backup'], 'backup takes one folder'],
  [['backup', 'a', '--port', '1'], 'backup takes no --port.'],
  [['restore', 'a'], 'restore makes a new data folder, which --data has to name.'],
])(
  '[T1] what cannot be meant is refused with a sentence that names the place: %j',
  async (words, sentence) => {
    await expect(readCommand(words, {})).rejects.toThrow(sentence)
  },
)

test('a variable that is no option is refused by its name, so that a typo does not pass for a default', async () => {
  await expect(readCommand([], { SYNCLINE_PROT: '1' })).rejects.toThrow(
    'The variable SYNCLINE_PROT is not an option.',
  )
  await expect(readCommand([], { SYNCLINE_PORT: 'x' })).rejects.toThrow(
    'SYNCLINE_PORT: «x» is not a whole number',
  )
  await expect(readCommand([], { OTHER_PORT: 'x' })).resolves.toBeDefined()
})

test('a secret is no flag, and is not repeated when it is wrong', async () => {
  await expect(readCommand(['--admin-token', 'a'.repeat(32)], {})).rejects.toThrow(
    '--admin-token is not an option.',
  )
  const wrong = readCommand([], { SYNCLINE_ADMIN_TOKEN: 'hunter2' })
  await expect(wrong).rejects.toThrow('SYNCLINE_ADMIN_TOKEN: A secret needs at least 16 bytes.')
  await expect(wrong).rejects.not.toThrow('hunter2')
})

test('a config file is refused with its own name: an unknown key, a wrong value, no options, a fault in it', async () => {
  const file = await configFile('export default { prot: 1 }')
  await expect(readCommand(['--config', file], {})).rejects.toThrow(`«prot» in ${file} is not an option.`)
  const other = join(folder, 'other')
  await mkdir(other)
  const wrong = [
    ['port.mjs', 'export default { port: true }', 'port in '],
    ['nothing.mjs', 'export const port = 1', 'has no options as its default export'],
    ['fault.mjs', 'throw new Error("out of order")', 'cannot be loaded: out of order'],
    ['function.mjs', 'export default { committed: "yes" }', 'is not a function'],
  ] as const
  for (const [name, text, sentence] of wrong) {
    const path = join(other, name)
    await writeFile(path, text)
    await expect(readCommand(['--config', path], {})).rejects.toThrow(sentence)
    await expect(readCommand(['--config', path], {})).rejects.toThrow(name)
  }
  await expect(readCommand(['--config', join(folder, 'none.js')], {})).rejects.toThrow(
    /^The config file cannot be read: there is no file .+none\.js/,
  )
  await expect(readCommand(['--config', other], {})).rejects.toThrow('is a folder. Name the file itself.')
  const notes = join(other, 'config.json')
  await writeFile(notes, '{}')
  await expect(readCommand(['--config', notes], {})).rejects.toThrow('those are JavaScript')
})

test('what is wrong is told of where it was said, also where something else goes before it', async () => {
  const file = await configFile('export default { port: "many", drainTime: "3s" }')
  await expect(readCommand(['--config', file, '--port', '1'], {})).rejects.toThrow(
    `port in ${file}: «many» is not a whole number`,
  )
  await expect(readCommand(['--config', file], { SYNCLINE_PORT: '1' })).rejects.toThrow(`port in ${file}: `)
  await expect(readCommand(['--drain-time', '1s'], { SYNCLINE_DRAIN_TIME: 'soon' })).rejects.toThrow(
    'SYNCLINE_DRAIN_TIME: «soon» is not a time',
  )
})

test('words that say nothing, or too much, are told which', async () => {
  await expect(readCommand(['--port'], {})).rejects.toThrow('--port needs a value behind it.')
  await expect(readCommand(['--port', '--host', 'x'], {})).rejects.toThrow('--port needs a value behind it.')
  await expect(readCommand(['--help=yes'], {})).rejects.toThrow('--help takes no value.')
  await expect(readCommand(['token', '--subject'], {})).rejects.toThrow('--subject needs a value behind it.')
})

test('lists are said with commas, again and again, or as a list', async () => {
  const twice = await served([
    '--origins',
    'https://a.example, https://b.example',
    '--origins',
    'https://c.example',
  ])
  expect(twice.origins).toEqual(['https://a.example', 'https://b.example', 'https://c.example'])
  expect(optionsFromConfig({ origins: ['https://a.example'] }).origins).toEqual(['https://a.example'])
})

test.each([
  ['where the system makes no folders', ['--data', '/proc/syncline/data'], 'no-folder'],
  ['below a file', ['--data', join(fileURLToPath(import.meta.url), 'data')], 'no-folder'],
  ['on a file', ['--data', fileURLToPath(import.meta.url)], 'no-folder'],
  ['with a key that is none', ['--tls-cert', program, '--tls-key', program], 'bad-option'],
  ['with a certificate that is nowhere', ['--tls-cert', '/none.pem', '--tls-key', '/none.key'], 'bad-option'],
  ['with an origin that is none', ['--origins', 'example.org'], 'bad-option'],
  ['at an address of another machine', ['--host', '192.0.2.1'], 'cannot-listen'],
  ['with a secret that is a folder', ['--token-secret-file', tmpdir()], 'bad-key'],
])('to be started %s ends at once, with a sentence and a code', (_how, words, code) => {
  const data = words[0] === '--data' ? [] : ['--data', join(folder, 'data')]
  const { status, stderr, stdout } = spawnSync(
    process.execPath,
    [program, '--port', '0', ...words, ...data],
    { encoding: 'utf8', timeout: 20_000 },
  )
  expect({ status, stdout, stderr }).toEqual({
    status: 1,
    stdout: '',
    stderr: expect.stringMatching(new RegExp(`^syncline: [^\\n]+ \\(${code}\\)\\n`)),
  })
})

test('[D1] data that the system does not let be opened is told to whom it belongs, whichever file it is', () => {
  const refused = Object.assign(new Error('Database failed to open'), {
    cause: new Error('IO error: data/LOCK: Permission denied'),
  })
  expect(openingErrorFrom(refused, 'data')).toMatchObject({
    code: 'data-unreadable',
    message: expect.stringMatching(
      /^The user who runs this may not read and write data .+Give it to that user/,
    ),
  })
})

test('the program ends with 1 and one sentence on standard error, not with a stack', () => {
  const { status, stderr, stdout } = spawnSync(process.execPath, [program, '--port', 'x'], {
    encoding: 'utf8',
  })
  expect(status).toBe(1)
  expect(stdout).toBe('')
  expect(stderr).toBe(
    'syncline: --port: «x» is not a whole number from 0 to 65535. (bad-option)\nsyncline --help lists what can be said.\n',
  )
})
