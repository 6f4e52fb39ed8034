// folder.ts — makes a folder, and those above it that are missing, or says in a sentence why there cannot be one. Must not
// know: what is to lie in it.
import { existsSync, statSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { RelayError } from './relay-error.ts'

/** One by one: asked for all at once, Node tries for ever where nothing can be made, such as under /proc. */
export async function makeFolder(path: string): Promise<void> {
  const folder = resolve(path)
  if (isFolder(folder)) return
  if (existsSync(folder)) throw noFolder(path, `${folder} is a file`)
  if (folder !== dirname(folder)) await makeFolder(dirname(folder))
  try {
    await mkdir(folder)
  } catch (error) {
    // Somebody else was faster.
    if (!isFolder(folder)) throw noFolder(path, reasonOf(error))
  }
}

/** Whether the system does not let this user write there. */
export function isForbidden(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return true
  // LevelDB passes the operating system's reason on as text only.
  return error instanceof Error && /permission denied|read-only file system/i.test(error.message)
}

function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory()
}

function reasonOf(error: unknown): string {
  if (isForbidden(error)) return 'the user who runs this may not write there'
  // Of a folder whose own folder is there.
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
    return 'the system makes none there'
  return error instanceof Error ? error.message : String(error)
}

function noFolder(path: string, reason: string): RelayError {
  return new RelayError('no-folder', `There can be no folder ${path}: ${reason}. Choose another one.`)
}
