// script.ts — sources of this project as one script for a page, and a page that runs it. Knows: how it is bundled and
// served. Must not know: what it is for.
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { build } from 'vite'
import type { Rolldown } from 'vite'

/** What the entry exports, minified; what is outside is left as an import. For developers some libraries do more. */
export async function bundled(
  entry: string,
  outside: readonly RegExp[] = [],
  audience: 'production' | 'development' = 'production',
): Promise<string> {
  const output = await build({
    configFile: false,
    logLevel: 'error',
    define: { 'process.env.NODE_ENV': JSON.stringify(audience) },
    build: {
      write: false,
      target: 'es2023',
      modulePreload: false,
      rolldownOptions: { input: entry, preserveEntrySignatures: 'strict', external: [...outside] },
    },
  })
  const [bundle] = (Array.isArray(output) ? output : [output]) as Rolldown.RolldownOutput[]
  const chunks = bundle?.output.filter((file) => file.type === 'chunk') ?? []
  if (chunks.length !== 1) throw new Error(`${entry} became ${chunks.length} files.`)
  return chunks[0]?.code ?? ''
}

export class ScriptPage implements AsyncDisposable {
  readonly url: string
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
    const { port } = server.address() as AddressInfo
    this.url = `http://127.0.0.1:${port}/`
  }

  /** A page whose `window.script` is what the entry exports. */
  static async serve(entry: string, audience?: 'production' | 'development'): Promise<ScriptPage> {
    const code = await bundled(entry, [], audience)
    const page = `<!doctype html><link rel="icon" href="data:," /><script type="module">
      window.script = await import('/script.js')</script>`
    const server = createServer((request, response) => {
      const isScript = request.url === '/script.js'
      response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html')
      // Also for a frame of no origin.
      response.setHeader('access-control-allow-origin', '*')
      response.end(isScript ? code : page)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new ScriptPage(server)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }
}
