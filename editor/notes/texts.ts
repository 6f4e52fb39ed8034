// texts.ts — every word the page says, at one place. Knows: what a status can be. Must not know: elements, sockets,
// stores. A sentence says what is so, and never more. [T1]
import type { DocumentStatus, WorkspaceStatus } from 'syncline/client'

export const labels = {
  title: (name: string) => `${name} · Syncline`,
  documentName: 'Note',
  open: 'Open',
  text: (name: string) => `Text of ${name}`,
  placeholder: 'Write here, with or without a network.',
  workOffline: 'Work offline',
  goOnline: 'Go online',
}

const connection: { readonly [Phase in WorkspaceStatus['phase']]: string } = {
  opening: 'Opening what this browser keeps.',
  following: 'Another tab of this browser talks to the relay.',
  resting: '',
  waiting: 'The relay does not answer. It is tried again by itself.',
  connecting: 'Looking for the relay.',
  greeting: 'Looking for the relay.',
  ready: '',
  parting: 'Letting go of the relay.',
  closed: 'This page has closed its store. Reload it to go on.',
}

const rest: { readonly [Reason in NonNullable<WorkspaceStatus['reason']>]: string } = {
  workOffline: 'You work offline.',
  tokenMissing: 'The relay wants to know who you are, and this page does not know yet.',
  tokenRefused: 'The relay does not take your sign-in any more.',
  otherSubject: 'You signed in as somebody else; what is kept here belongs to another person.',
  replicaTaken: 'This browser’s copy is in use elsewhere. It takes a new name.',
  version: 'The relay speaks another version. Reload this page.',
  refused: 'The relay has sent this browser away.',
}

const closedFor: { readonly [Reason in NonNullable<DocumentStatus['waitingFor']>]?: string } = {
  forbidden: 'You may not read this note.',
  tooLarge: 'This note has grown too large for the relay.',
  storeRefuses: 'This browser’s disk takes nothing more.',
}

export function statusLine(document: DocumentStatus, workspace: WorkspaceStatus): string {
  if (workspace.keeps === 'opening' || document.phase === 'loading')
    return 'Opening what this browser keeps of this note.'
  return [
    savedSentence(document, workspace),
    workspace.reason === undefined ? connection[workspace.phase] : rest[workspace.reason],
    document.waitingFor === undefined ? undefined : closedFor[document.waitingFor],
    document.mayWrite === false ? 'You may read this note, not write in it.' : undefined,
    document.refused > 0 ? `${changes(document.refused)} refused, and kept in this browser.` : undefined,
    ...[workspace.storeError, workspace.socketError].map((error) => error && `(${error})`),
  ]
    .filter((sentence) => sentence !== undefined && sentence !== '')
    .join(' ')
}

function savedSentence(document: DocumentStatus, { keeps }: WorkspaceStatus): string {
  const { isSaved, inMemory, pending, refused } = document
  if (isSaved) return 'Saved: the relay has everything you wrote on its disk.'
  if (inMemory > 0 && keeps === 'memory')
    return `This browser keeps nothing: ${inTab(inMemory)} until the relay has it.`
  if (inMemory > 0) return `Writing: ${inTab(inMemory)}.`
  if (pending > 0) return `${changes(pending)} on this browser’s disk, and not at the relay yet.`
  if (refused > 0) return 'The relay has not taken everything you wrote.'
  return 'What you write is kept on this browser’s disk.'
}

function inTab(count: number): string {
  return count === 1 ? 'one change is in this tab alone' : `${count} changes are in this tab alone`
}

function changes(count: number): string {
  return count === 1 ? 'One change is' : `${count} changes are`
}

export const notices = {
  needsRelay: (reason: string) => `Without the relay this page cannot be opened here: ${reason}`,
  noServiceWorker: 'a browser allows that only over https, or on the machine of the relay.',
}
