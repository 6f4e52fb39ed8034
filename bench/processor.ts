// processor.ts — one core for the server and another for the load, so that neither takes the other's time. Where there
// is no taskset or only one core, nothing is pinned, and the machine line says so.
import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'

/** Asked before this process is pinned: afterwards there is one. */
const processors = availableParallelism()

export const isPinned: boolean =
  processors > 1 && spawnSync('taskset', ['--version'], { stdio: 'ignore' }).status === 0

const serversCore = '0'
const loadsCore = '1'

export function onServersCore(words: readonly string[]): readonly string[] {
  return isPinned ? ['taskset', '-c', serversCore, ...words] : words
}

/** All threads of this process, and what it starts from then on. */
export function goToLoadsCore(): void {
  goTo(loadsCore)
}

/** A browser is many processes, and on one core they drive each other's memory out of its caches, as on nobody's desk. */
export async function onAllCores<Started>(start: () => Promise<Started>): Promise<Started> {
  goTo(`0-${processors - 1}`)
  try {
    return await start()
  } finally {
    goToLoadsCore()
  }
}

function goTo(cores: string): void {
  if (isPinned) spawnSync('taskset', ['-acp', cores, String(process.pid)], { stdio: 'ignore' })
}
