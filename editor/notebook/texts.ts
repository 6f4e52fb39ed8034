// texts.ts — every word that a person reads, at one place. Must not know: elements, documents. A sentence says what is so,
// and never more. [T1]
import type { DocumentStatus, WorkspaceStatus } from 'syncline/client'
import type { Indicator, SignInRefusal } from './indicator.ts'

export const appName = 'Notebook'
export const untitled = 'Untitled'

export const labels = {
  title: (name: string) => `${name || untitled} · ${appName}`,
  newDocument: 'New document',
  skipToText: 'To the text',
  search: 'Search',
  documents: 'Documents',
  trash: 'Trash',
  backToDocuments: 'Back to the documents',
  trashIsEmpty: 'Nothing is in the trash.',
  noMatch: (words: string) => `No document is called “${words}”.`,
  noDocument: 'Choose a document, or begin a new one.',
  opening: 'Opening …',
  bringBack: 'Bring back',
  moveToTrash: 'Move to trash',
  duplicate: 'Duplicate',
  copyOf: (title: string) => `${title || untitled} (copy)`,
  importMarkdown: 'Import Markdown …',
  exportMarkdown: 'Export as Markdown',
  exportHtml: 'Export as HTML',
  copyLink: 'Copy link',
  linkIsCopied: 'The link is copied.',
  linkWithTokenIsCopied: 'The link is copied. It carries your token: whoever has it is let in as you are.',
  copyByHand: 'Copy this link:',
  more: 'More',
  actionsFor: (title: string) => `Actions for ${title || untitled}`,
  close: 'Close',
  apply: 'Apply',
  documentTitle: 'Title',
  text: (title: string) => `Text of ${title || untitled}`,
  placeholder: 'Write, or type # for a heading, - for a list, > for a quote …',
  words: (count: number) => (count === 1 ? '1 word' : `${count.toLocaleString('en')} words`),
  news: (count: number) =>
    count === 1 ? 'One part changed since you were here.' : `${count} parts changed since you were here.`,
  showNews: 'Show',
  newsAreSeen: 'Seen',
  hasNews: 'Changed since you were here',
  inTrash: 'This document is in the trash.',
  noSuchDocument: 'There is no such document in this notebook, or it has not come to this device yet.',
  notHereYet: 'This document has not come to this device yet. It comes when the relay answers.',
  mayNotRead: 'You may not read this document.',
  mayNotWrite: 'You may read this document, not write in it.',
  newerVersion:
    'A new version is there. This page is older than this document, so it only shows it. Reload the page to write.',
  noNewerVersion:
    'This page is as new as the relay has it, and does not know a part of this document, so it only shows it. Ask whoever runs the relay for a newer one.',
  misplaced:
    'Something in this text stands where this page keeps nothing, so it only shows the text. Put in order, it stands by itself, for everybody, and no word is lost.',
  putInOrder: 'Put in order',
  unknownPart: (name: string) => `A part that this page does not know yet (${name})`,
  reload: 'Reload',
}

export const leftovers = {
  label: 'Words that are not in the text',
  sentence: (count: number) =>
    count === 1
      ? 'These words were written while the part they stood in was changed or removed elsewhere. They are not in the text any more.'
      : `${count} pieces were written while the parts they stood in were changed or removed elsewhere. They are not in the text any more.`,
  putBack: 'Put back',
  discard: 'Discard',
}

export const people = {
  here: 'Who is here',
  you: 'Your name and colour',
  name: 'Name',
  color: 'Colour',
  colorNames: ['Teal', 'Violet', 'Rose', 'Rust', 'Green', 'Blue', 'Brown', 'Grey'],
  follow: (name: string) => `Follow ${name}`,
  following: (name: string) => `Following ${name}`,
}

export const guestNames = [
  'Heron',
  'Otter',
  'Wren',
  'Lynx',
  'Finch',
  'Marten',
  'Plover',
  'Badger',
  'Swift',
  'Seal',
]

export const reactions = {
  label: 'Reactions',
  add: (name: string, count: number) => `${name}, ${count}`,
  names: { heart: 'Heart', thumb: 'Thumb up', star: 'Star', spark: 'Idea' },
}

export const writing = {
  toolbar: 'Formatting',
  undo: 'Undo',
  redo: 'Redo',
  heading1: 'Heading 1',
  heading2: 'Heading 2',
  heading3: 'Heading 3',
  bold: 'Bold',
  italic: 'Italic',
  strike: 'Strikethrough',
  code: 'Code',
  link: 'Link',
  bulletList: 'List',
  orderedList: 'Numbered list',
  taskList: 'Check list',
  blockquote: 'Quote',
  codeBlock: 'Code block',
  rule: 'Line',
  table: 'Table',
  image: 'Image',
  addRow: 'Add row',
  addColumn: 'Add column',
  deleteRow: 'Delete row',
  deleteColumn: 'Delete column',
  deleteTable: 'Delete table',
  linkAddress: 'Address of the link',
  removeLink: 'Remove link',
  openLink: 'Open link',
  linkHint: 'In the text, Ctrl or Cmd and a click open a link.',
  badLink: 'A link begins with https://, http:// or mailto:.',
  imageAddress: 'Address of the image',
  imageText: 'What it shows',
  badImage: 'An image’s address begins with https:// or http://.',
  imageIsMissing: (address: string) => `This image does not load: ${address}`,
  tooMuchPasted: (length: number) =>
    `That is ${length.toLocaleString('en')} characters, more than is pasted at once here. Paste it in parts.`,
  tooLargeFile: 'This file is larger than a document may be.',
  unfit: (name: string) =>
    `This file holds what no document can hold here (${name}). Nothing was made of it.`,
  find: 'Find',
  findNext: 'Next',
  findPrevious: 'Previous',
  found: (at: number, of: number) => (of === 0 ? 'None' : `${at} of ${of}`),
  taskDone: 'Done',
}

const changes = (count: number): string => (count === 1 ? '1 change' : `${count} changes`)

export function indicatorWords(indicator: Indicator): string {
  switch (indicator.is) {
    case 'opening':
      return 'Opening …'
    case 'saved':
      return 'Saved'
    case 'saving':
      return 'Saving …'
    case 'onDevice':
      return `On this device only: ${changes(indicator.changes)}`
    case 'inMemory':
      return `In memory only: ${changes(indicator.changes)}`
    case 'offline':
      return indicator.isWanted ? 'Working offline' : 'Offline'
    case 'catchingUp':
      return panel.catchingUp(indicator.percent)
    case 'needsYou':
      return 'Needs you'
  }
}

export function indicatorSentence(indicator: Indicator): string {
  switch (indicator.is) {
    case 'opening':
      return 'It is not known yet what the relay has.'
    case 'saved':
      return 'The relay has everything you wrote on its disk.'
    case 'saving':
      return 'What you wrote is on its way to the relay.'
    case 'onDevice':
      return 'What you wrote is on this device, and goes to the relay when it is there again. You can go on, and close this page.'
    case 'inMemory':
      return 'This browser keeps nothing: what you wrote is in this tab alone. Leave it open until it is saved.'
    case 'offline':
      return indicator.isWanted
        ? 'Nothing that you wrote waits; you can go on writing.'
        : 'The relay does not answer. Nothing that you wrote waits for it; you can go on writing.'
    case 'catchingUp':
      return 'What others wrote is being brought.'
    case 'needsYou':
      return 'Something waits for your decision.'
  }
}

const connection: { readonly [Phase in WorkspaceStatus['phase']]: string } = {
  opening: 'Opening what this browser keeps',
  following: 'Another tab talks to the relay',
  resting: 'Not connected',
  waiting: 'The relay does not answer',
  connecting: 'Looking for the relay',
  greeting: 'Looking for the relay',
  ready: 'Connected',
  parting: 'Letting go of the relay',
  closed: 'This page has closed its store. Reload it to go on.',
}

const rest: { readonly [Reason in NonNullable<WorkspaceStatus['reason']>]: string } = {
  workOffline: 'You work offline',
  tokenMissing: 'The relay wants to know who you are',
  tokenRefused: 'The relay does not take your sign-in',
  otherSubject: 'You signed in as somebody else; what is kept here belongs to another person',
  replicaTaken: 'This browser’s copy is in use elsewhere. It takes a new name',
  version: 'The relay speaks another version. Reload this page',
  refused: 'The relay has sent this browser away',
}

const waiting: { readonly [Reason in NonNullable<DocumentStatus['waitingFor']>]: string } = {
  otherTab: 'Another tab sends it',
  noLink: 'Waits for the relay',
  forbidden: 'You may not read it',
  tooLarge: 'Too large for the relay',
  gone: 'It was deleted',
  relayBusy: 'The relay is busy',
  storeRefuses: 'This browser’s disk takes nothing more',
  noProgress: 'It is tried again later',
  repairing: 'The relay asked for what it lacks',
  answer: 'On its way',
}

export const panel = {
  title: 'What is saved',
  waits: (count: number) =>
    count === 0 ? 'Nothing waits' : `${changes(count)} ${count === 1 ? 'waits' : 'wait'}`,
  since: (time: string) => `since ${time}`,
  nextTry: (seconds: number) => `Next try in ${seconds} s`,
  retryNow: 'Retry now',
  workOffline: 'Work offline',
  goOnline: 'Go online',
  relay: 'Relay',
  device: 'This device',
  connection: ({ phase, reason }: WorkspaceStatus) =>
    reason === undefined ? connection[phase] : rest[reason],
  waiting: (reason: NonNullable<DocumentStatus['waitingFor']>) => waiting[reason],
  keepsDisk: 'Keeps everything on its disk',
  keepsMemory: 'Keeps nothing beyond this tab',
  forgetsYou: 'Your name and your sign-in go with this tab too',
  mayClear: 'The browser may clear it for want of room',
  used: (used: string, quota: string) => `${used} of ${quota} used`,
  lastError: 'Last error',
  errors: ({ storeError, tokenError, socketError }: WorkspaceStatus) => [
    ...(storeError === undefined ? [] : [storeError]),
    ...(tokenError === undefined ? [] : [`This page could not sign in: ${tokenError}`]),
    ...(socketError === undefined ? [] : [`This browser lets the page make no connection: ${socketError}`]),
  ],
  documents: 'Documents',
  list: 'The list of documents',
  moreWait: (count: number) => (count === 1 ? 'One more waits' : `${count} more wait`),
  lastSaved: (time: string) => `Saved ${time}`,
  catchingUp: (percent: number) => `Catching up, ${percent} %`,
  toFetch: (count: number) =>
    count === 1 ? '1 document is being brought' : `${count} documents are being brought`,
  refused: 'Refused changes',
  refusedWhy: 'The relay will never take these. They are kept here until you discard them.',
  changes,
  export: 'Export',
  discard: 'Discard',
  plots: 'The last ten minutes',
  plotWaiting: 'Changes that waited',
  plotAnswer: 'Time until saved',
  plotMax: (words: string) => `at most ${words}`,
  milliseconds: (ms: number) => (ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`),
  offlineIsWanted:
    'You chose to work offline: nothing is sent or brought until you go online, also after a reload.',
}

export const signIn = {
  words: 'Paste a new link, or a token',
  button: 'Sign in',
  asking: 'Signing in …',
  refused: {
    none: 'The relay wants to know who you are. Paste the link that you were given.',
    offered: 'The relay does not take this token. See whether all of it is there, or ask for a new link.',
    taken: 'The relay does not take your sign-in any more. What you write waits until you sign in again.',
  },
  otherSubject:
    'You signed in as somebody else. What this browser keeps belongs to whoever signed in here first, and can only be read until they do again. Open your own link in another browser or profile.',
}

export const notices = {
  notTaken: {
    tokenRefused:
      'The relay does not take the token of this link. You are signed in as before. See whether the link is whole, or ask for a new one.',
    otherSubject:
      'The token of this link is another person’s. You are signed in as before. To be that person, open the link in another browser or profile.',
  } satisfies { readonly [Refusal in SignInRefusal]: string },
  worksOffline: 'You work offline, as you chose. The line that says so leads back.',
  newVersion: 'A new version of this page is there.',
  noServiceWorker:
    'Over plain http a browser does not keep this page: without the relay it will not open. Tabs do not see each other, and links are copied by hand. Serve it over https.',
  keepsNothing:
    'This browser keeps nothing for this site: what the relay does not have yet is gone with this tab, and so are your name and your sign-in. Allow site data for it to keep them.',
  workerFailed: (reason: string) => `Without the relay this page will not open here: ${reason}`,
  partIsMissing: 'A part of this page did not load. Reload it to go on.',
  failed: (message: string) => `That did not work: ${message}`,
}

export const welcome = {
  title: 'Welcome',
  markdown: `This is a notebook. What you write is kept on this device at once, and goes to the relay when there is one.

## Try it

- [ ] Open this page in a second window and write in both
- [ ] Stop the relay, go on writing, reload the page
- [ ] Start the relay again, and see both windows meet

## Write

Type \`#\` for a heading, \`-\` for a list, \`1.\` for a numbered one, \`[ ]\` for a check list, \`>\` for a quote. **Bold**, *italic* and \`code\` work as in Markdown.

> The line in the corner says what is saved where. A click on it shows more.
`,
}
