// program-copy.ts — the built program in a folder of its own, of which the pages may become another version: every part under
// another name, and a worker that knows them by these. Knows: what a build leaves.
import { spawn } from 'node:child_process'
import { cp, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { RelayProcess } from '../relay-process.ts'

const built = fileURLToPath(new URL('../../dist/', import.meta.url))

export class ProgramCopy implements AsyncDisposable {
  readonly #folder: string

  private constructor(folder: string) {
    this.#folder = folder
  }

  /** Where the packages that it needs are found. */
  static async make(): Promise<ProgramCopy> {
    const folder = await mkdtemp(join(built, 'copy-'))
    for (const part of ['server', 'shared', 'pages'])
      await cp(join(built, part), join(folder, part), { recursive: true })
    return new ProgramCopy(folder)
  }

  get data(): string {
    return join(this.#folder, 'data')
  }

  /** As somebody does who put another version in place. */
  async start(port = 0): Promise<RelayProcess> {
    const words = [join(this.#folder, 'server/main.js'), 'serve', '--data', this.data, '--port', String(port)]
    const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'] })
    const listening = new RelayProcess(child, port, this.data, false, '')
    const taken = Number(await listening.wrote(/http:\/\/127\.0\.0\.1:(\d+)\//))
    return new RelayProcess(child, taken, this.data, false, listening.output)
  }

  /** What the pages call themselves is another word, too. */
  async renewPages(before: string, after: string): Promise<void> {
    const pages = join(this.#folder, 'pages')
    const files = await readdir(pages, { recursive: true, withFileTypes: true })
    for (const { parentPath, name } of files.filter((file) => file.isFile())) {
      const path = join(parentPath, name)
      const words = await readFile(path, 'utf8')
      const renewed = words
        .replaceAll(/-[\w-]{8}(\.(?:js|css|svg))/g, '-renewed$1')
        .replaceAll(/(?<=revision:")[0-9a-f]{32}/g, 'renewed')
        .replaceAll(before, after)
      await writeFile(path, renewed)
      await rename(path, join(parentPath, name.replace(/-[\w-]{8}(\.(?:js|css|svg))$/, '-renewed$1')))
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true })
  }
}
