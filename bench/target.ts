// target.ts — whom a bench measures: this relay through either wire, and its peers where they are installed. Knows: how
// each is started, and where it takes its sockets. Must not know: what is measured.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const targetNames = ['native', 'stock', 'hocuspocus', 'y-websocket', 'raw'] as const
export type TargetName = (typeof targetNames)[number]

export type Target = {
  readonly name: TargetName
  readonly isOurs: boolean
  readonly wire: 'native' | 'stock' | 'hocuspocus'
  /** The server's command, with what it reads from its environment. */
  readonly start: (port: number, data: string) => { words: readonly string[]; environment: NodeJS.ProcessEnv }
  readonly url: (port: number, document: string) => string
}

export type Places = {
  /** The built relay: a folder with server/main.js in it. */
  readonly relay: string
  /** Where hocus/ and stock/ were installed. */
  readonly peers: string | undefined
  /** Where the relay's CPU profile is put. */
  readonly profile: string | undefined
}

const servers = fileURLToPath(new URL('../../bench/servers/', import.meta.url))

/** All targets that are here. */
export function targetsAt({ relay, peers, profile }: Places): Target[] {
  const profiled =
    profile === undefined ? [] : ['--cpu-prof', '--cpu-prof-interval=1000', `--cpu-prof-dir=${profile}`]
  const ours = (name: 'native' | 'stock'): Target => ({
    name,
    isOurs: true,
    wire: name,
    start: (port, data) => ({
      words: [
        process.execPath,
        ...profiled,
        join(relay, 'server', 'main.js'),
        'serve',
        '--port',
        String(port),
        '--data',
        data,
      ],
      environment: {},
    }),
    url: (port, document) => `ws://127.0.0.1:${port}/${name === 'native' ? '' : document}`,
  })
  const raw = peer('raw', process.execPath, 'raw.mjs', undefined)
  if (peers === undefined) return [ours('native'), ours('stock'), raw]
  // Hocuspocus 4 asks for a newer Node than ours; where one was installed beside it, it gets that.
  const itsNode = join(peers, 'hocus', 'node_modules', 'node', 'bin', 'node')
  return [
    ours('native'),
    ours('stock'),
    ...(existsSync(join(peers, 'hocus', 'node_modules', '@hocuspocus', 'server'))
      ? [peer('hocuspocus', existsSync(itsNode) ? itsNode : process.execPath, 'hocuspocus.mjs', peers)]
      : []),
    ...(existsSync(join(peers, 'stock', 'node_modules', '@y', 'websocket-server'))
      ? [peer('y-websocket', process.execPath, 'y-websocket.mjs', peers)]
      : []),
    raw,
  ]
}

function peer(
  name: 'hocuspocus' | 'y-websocket' | 'raw',
  node: string,
  file: string,
  peers: string | undefined,
): Target {
  const isHocuspocus = name === 'hocuspocus'
  return {
    name,
    isOurs: false,
    wire: isHocuspocus ? 'hocuspocus' : 'stock',
    start: (port, data) => ({
      words: [node, join(servers, file)],
      environment: { PORT: String(port), DATA: data, PEERS: peers },
    }),
    url: (port, document) => `ws://127.0.0.1:${port}/${isHocuspocus ? '' : document}`,
  }
}
