// named-file.ts — a file that an option names: what is in it, or a sentence that says why it cannot be read. Must not know: what
// it is for.
import { readFile } from 'node:fs/promises'
import { isForbidden } from './folder.ts'
import { RelayError } from './relay-error.ts'
import type { RelayErrorCode } from './relay-error.ts'

export async function readNamedFile(file: string, what: string, code: RelayErrorCode): Promise<Buffer> {
  try {
    return await readFile(file)
  } catch (error) {
    throw new RelayError(code, `${what} cannot be read: ${whyNot(error, file)}`)
  }
}

function whyNot(error: unknown, file: string): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOENT') return `there is no file ${file}, seen from the folder in which this is started.`
  if (code === 'EISDIR') return `${file} is a folder. Name the file itself.`
  if (isForbidden(error)) return `the user who runs this may not read ${file}. Let it, or name another.`
  return `${error instanceof Error ? error.message : String(error)}. Mend ${file}, or name another.`
}
