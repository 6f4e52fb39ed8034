// own-secret.ts — the secret with which a relay makes tokens when it was given none: made once, kept in its data folder
// for its owner alone. Knows: the file. Must not know: tokens.
import { randomBytes } from 'node:crypto'
import { open, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolder } from './folder.ts'
import type { Report } from './notice.ts'
import { RelayError } from './relay-error.ts'

const fileName = 'token-secret'
const secretBytes = 32
const ownerOnly = 0o600
const othersMayRead = 0o077

/** The folder's secret; made the first time. */
export async function ownSecret(folder: string, report: Report): Promise<string> {
  const file = join(folder, fileName)
  try {
    return (await makeSecret(folder, file)) ?? (await readSecret(file, report))
  } catch (error) {
    if (error instanceof RelayError || !(error instanceof Error)) throw error
    throw new RelayError(
      'secret-unreadable',
      `The secret for tokens cannot be kept in ${file}: ${error.message}`,
    )
  }
}

/** Undefined where there already is one: nothing is ever written over it. */
async function makeSecret(folder: string, path: string): Promise<string | undefined> {
  await makeFolder(folder)
  const secret = randomBytes(secretBytes).toString('base64url')
  try {
    const file = await open(path, 'wx', ownerOnly)
    try {
      await file.writeFile(`${secret}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
    return secret
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return undefined
    throw error
  }
}

async function readSecret(file: string, report: Report): Promise<string> {
  const { mode } = await stat(file)
  // Windows keeps rights elsewhere, and says that all may read.
  if (process.platform !== 'win32' && (mode & othersMayRead) !== 0) report({ code: 'secret-exposed' })
  const secret = (await readFile(file, 'utf8')).trim()
  if (secret.length >= secretBytes) return secret
  throw new RelayError(
    'secret-unreadable',
    `${file} is no secret. Remove it: a new one is made, and all tokens end.`,
  )
}
