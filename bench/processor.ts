// processor.ts — one core for the server and another for the load, so that neither takes the other's time. Where there
// is no taskset or only one core, nothing is pinned, and the machine line says so.
import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'

export const isPinned: boolean =
  availableParallelism() > 1 && spawnSync('taskset', ['--version'], { stdio: 'ignore' }).status === 0

const serversCore = '0'
const loadsCore = '1'

export function onServersCore(words: readonly string[]): readonly string[] {
  return isPinned ? ['taskset', '-c', serversCore, ...words] : words
}

/** All threads of this process. */
export function goToLoadsCore(): void {
  if (isPinned) spawnSync('taskset', ['-acp', loadsCore, String(process.pid)], { stdio: 'ignore' })
}
