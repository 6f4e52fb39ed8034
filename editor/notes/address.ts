// address.ts — what the address says behind its hash: the note, or, in a link that a relay printed, a token, which this
// browser keeps. Must not know: elements, the workspace.
import { nameHere } from '../place.ts'

const tokenKey = nameHere('syncline-token')
const tokenMark = '#token='

export function noteInAddress(): string {
  try {
    return decodeURIComponent(location.hash.slice(1)) || 'notes'
  } catch {
    // What somebody typed may be no well-formed code: then it is the name as it stands.
    return location.hash.slice(1)
  }
}

/** Undefined: this relay was never said to want one. */
export function keptToken(): string | undefined {
  if (location.hash.startsWith(tokenMark)) {
    localStorage.setItem(tokenKey, location.hash.slice(tokenMark.length))
    // So that it is in no history, and in no address that somebody copies.
    history.replaceState(null, '', location.pathname)
  }
  return localStorage.getItem(tokenKey) ?? undefined
}
