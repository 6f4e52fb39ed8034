// level-opening.ts — how a LevelDB folder is opened: after an end that was none, its tables are looked at; what is damaged
// is repaired. Knows: the files of the folder. Must not know: batches, records.
//
// A file says how the last opening ended. Nothing is changed before LevelDB's own lock was had, for another process may
// be using the folder; but where the last one died over the opening itself, LevelDB would die over it again.
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ClassicLevel } from 'classic-level'
import { makeFolder } from './folder.ts'
import { isCorruption, isMisled } from './level-fault.ts'
import { markWrongBlocks } from './table-check.ts'

export type OpenableDatabase = Pick<ClassicLevel<Uint8Array, Uint8Array>, 'open' | 'close'>

/** Stands in the folder while it is open, and after an end that was none. */
export const stateFile = 'opened'
const isOpening = 'opening'
const isOpen = 'open'

/** LevelDB's own name for where its repair puts files. */
const lostFolder = 'lost'

export class LevelOpening {
  readonly #folder: string
  readonly #whenRepaired: (cause: unknown) => void
  /** How often what was acknowledged may have been lost. */
  repairs = 0
  /** How the last opening ended, if not well. */
  #before: string | undefined
  /** Those of the last life. What LevelDB writes while it is opened and closed is fresh, or left unfinished by it. */
  #tables: readonly string[] = []

  constructor(folder: string, whenRepaired: (cause: unknown) => void) {
    this.#folder = folder
    this.#whenRepaired = whenRepaired
  }

  /** To be called before there is a database at all: it would open by itself while this is awaited. */
  async prepare(): Promise<void> {
    this.#before = await this.#stateBefore()
    if (this.#before === undefined) await this.#note(isOpening)
    if (this.#before === isOpening) await this.#check()
    await this.#nameFiles()
    this.#tables = await this.#tablesNow()
  }

  async open(database: OpenableDatabase): Promise<void> {
    await this.#openOrRepair(database)
    if (this.#before === isOpen) {
      await database.close()
      await this.#check(this.#tables)
      await this.#openOrRepair(database)
    }
    await this.#note(isOpen)
  }

  /** In the middle of its life; the folder is its own. */
  async openAgain(database: OpenableDatabase, isCorrupt: boolean): Promise<void> {
    await this.#nameFiles()
    if (isCorrupt) await this.#repair(new Error('A table could not be rewritten.'))
    await this.#openOrRepair(database)
  }

  async close(database: OpenableDatabase): Promise<void> {
    await database.close()
    await rm(join(this.#folder, stateFile), { force: true })
  }

  /** Where the file is missing that names the others, LevelDB begins anew and removes them. */
  async #nameFiles(): Promise<void> {
    const files = await this.#files()
    if (files.includes('CURRENT') || !files.some((name) => /\.(ldb|log)$/.test(name))) return
    await this.#repair(new Error('CURRENT is missing.'))
  }

  async #openOrRepair(database: OpenableDatabase): Promise<void> {
    try {
      await database.open()
    } catch (error) {
      const hasNames = (await this.#files()).includes('CURRENT')
      if (!isCorruption(error) && !(hasNames && isMisled(error))) throw error
      await this.#repair(error)
      await database.open()
    }
  }

  /** What LevelDB would believe, or die over. */
  async #check(among?: readonly string[]): Promise<void> {
    let wrongTables = 0
    for (const name of await this.#tablesNow()) {
      if (among?.includes(name) === false) continue
      const path = join(this.#folder, name)
      const table = await readFile(path)
      const wrong = markWrongBlocks(table)
      if (wrong === 0) continue
      wrongTables += 1
      await this.#setAside(name)
      if (wrong !== undefined) await writeFile(path, table)
    }
    if (wrongTables > 0) await this.#repair(new Error(`${wrongTables} tables are not what was written.`))
  }

  async #setAside(name: string): Promise<void> {
    const lost = join(this.#folder, lostFolder)
    await makeFolder(lost)
    await rename(join(this.#folder, name), join(lost, name))
  }

  /** What cannot be read goes to the folder of what is lost, all else is put together anew. */
  async #repair(cause: unknown): Promise<void> {
    await ClassicLevel.repair(this.#folder)
    this.repairs += 1
    this.#whenRepaired(cause)
  }

  async #stateBefore(): Promise<string | undefined> {
    const files = await this.#files()
    return files.includes(stateFile) ? readFile(join(this.#folder, stateFile), 'utf8') : undefined
  }

  async #note(state: string): Promise<void> {
    await makeFolder(this.#folder)
    await writeFile(join(this.#folder, stateFile), state)
  }

  async #tablesNow(): Promise<readonly string[]> {
    return (await this.#files()).filter((name) => name.endsWith('.ldb'))
  }

  /** None where there is no folder yet, or it cannot be read: opening it says which. */
  async #files(): Promise<readonly string[]> {
    try {
      return await readdir(this.#folder)
    } catch {
      return []
    }
  }
}
