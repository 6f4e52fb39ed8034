// working-offline.ts — a person's wish to work offline: kept in this browser until they take it back.
import type { Workspace } from 'syncline/client'
import { say } from './components/notices.tsx'
import { keep, kept } from './kept-here.ts'
import { notices } from './texts.ts'

const key = 'syncline-works-offline'

export function workOffline(workspace: Workspace, isOn: boolean): void {
  keep(key, isOn ? 'yes' : '')
  workspace.workOffline(isOn)
}

/** As it was before a reload. */
export function goOnOffline(workspace: Workspace): void {
  if (kept(key) !== 'yes') return
  workspace.workOffline(true)
  say(notices.worksOffline)
}
