// texts.ts — every word the page says, at one place. Knows: what is kept, and how things stand with the relay.
// Must not know: elements, sockets, databases. A sentence may only say what stays true whatever breaks next [T1].

export const labels = {
  title: (name: string) => `${name} · Syncline`,
  documentName: 'Document',
  open: 'Open',
  text: (name: string) => `Text of ${name}`,
  placeholder: 'Write here. Open this page in another window, and both write one text.',
}

/** What this browser does for the document: `lost` carries the reason why it keeps nothing (any more). */
export type Kept =
  | { is: 'opening' }
  | { is: 'opening-slowly' }
  | { is: 'kept' }
  | { is: 'lost'; reason: string }

/** `closed` is for good: the relay said not to come back. */
export type Link =
  | { is: 'sought' }
  | { is: 'synced' }
  | { is: 'away' }
  | { is: 'closed'; code: number; reason: string }

const whileOpening = {
  opening: 'Opening what this browser keeps of this document.',
  'opening-slowly':
    'This browser is slow to open what it keeps of this document. If it stays so, reload the page.',
}

const whileKept = {
  sought: 'Looking for the relay. What you write is kept in this browser.',
  synced: 'Connected: what you see from others is on the relay’s disk. What you write is sent at once.',
  away: 'Not connected: your changes are kept in this browser and will be sent when the relay is back.',
  closed: 'Your text is kept in this browser, and you can copy it from here.',
}

const whileLost = {
  sought: 'This browser keeps nothing of this document, so you can write once the relay is there.',
  synced:
    'Connected: what you see from others is on the relay’s disk. This browser keeps nothing of what you write, it only sends it.',
  away: 'Not connected, and this browser keeps nothing: leave this tab open until the relay is back.',
  closed: 'This browser keeps nothing either: copy what you need from here.',
}

/**
 * One line on how things stand. It never says that one's own last words are at the relay: y-websocket 3.1 has no
 * answer by which it could know.
 */
export function statusLine(kept: Kept, link: Link): string {
  if (kept.is === 'opening' || kept.is === 'opening-slowly') return whileOpening[kept.is]
  const sentences = [kept.is === 'lost' ? whileLost[link.is] : whileKept[link.is]]
  if (link.is === 'closed') sentences.unshift(closedLine(link))
  if (kept.is === 'lost') sentences.push(`(${kept.reason})`)
  return sentences.join(' ')
}

function closedLine({ code, reason }: { code: number; reason: string }): string {
  const because = reason === '' ? `code ${code}.` : `“${reason}” (${code}).`
  return `The relay has closed this document and this page will not ask again: ${because}`
}

/** Why a browser no longer keeps anything, where it gives no words of its own. */
export const lostBy: { [event: string]: string } = {
  close: 'The browser has closed its storage.',
  versionchange: 'What was kept has been deleted in another tab.',
}

export const notices = {
  impossibleName: (name: string) =>
    `A document cannot be called “${name}”: in an address that means a folder. Please choose another name.`,
  needsRelay: (reason: string) => `Without the relay this page cannot be opened here: ${reason}`,
  noServiceWorker: 'a browser allows that only over https, or on the machine of the relay.',
}
