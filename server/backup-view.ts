// backup-view.ts — a backup opened without a byte of it being changed, also where nothing can be written: LevelDB writes
// whatever it opens, so it is given a folder of its own, with links to the tables, which it never changes, and copies of
// the few files that it may. Must not know: what is read.
import { existsSync } from 'node:fs'
import { copyFile, mkdtemp, readdir, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { stateFile } from './level-opening.ts'
import { RelayError } from './relay-error.ts'
import { sealOf } from './store-copy.ts'

/** A backup that nobody has opened to write, nor died over: one on which a relay was started is data like any other. */
export async function isUntouched(folder: string): Promise<boolean> {
  return (await sealOf(folder)) !== undefined && !existsSync(join(folder, stateFile))
}

export async function inView<Result>(
  folder: string,
  act: (view: string) => Promise<Result>,
): Promise<Result> {
  const view = await mkdtemp(join(tmpdir(), 'syncline-view-'))
  try {
    await layOut(folder, view)
    return await act(view)
  } catch (error) {
    // Nobody knows of the folder that is gone again.
    if (!(error instanceof RelayError)) throw error
    throw new RelayError(error.code, error.message.replaceAll(view, folder))
  } finally {
    await rm(view, { recursive: true, force: true })
  }
}

async function layOut(folder: string, view: string): Promise<void> {
  try {
    for (const name of await readdir(folder)) {
      const [from, to] = [join(folder, name), join(view, name)]
      if (name.endsWith('.ldb')) await symlink(resolve(from), to)
      else if (name === 'CURRENT' || name.startsWith('MANIFEST-') || name.endsWith('.log'))
        await copyFile(from, to)
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new RelayError(
      'data-unreadable',
      `The backup in ${folder} cannot be looked at by way of the temporary folder ${tmpdir()}: ${reason}`,
    )
  }
}
