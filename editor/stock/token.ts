// token.ts — the token that a link brought behind its `#`: kept in this browser, taken out of the address bar, so that it
// is in no history and in no copied address. Must not know: what it says, who checks it.
import { nameHere } from '../place.ts'

const place = nameHere('syncline-token')

/** Of the link that was followed last; without one the relay may be open. */
export function keptToken(): string | undefined {
  const brought = new URLSearchParams(location.hash.slice(1)).get('token')
  if (brought === null) return readToken()
  // Where it cannot be kept it stays in the address bar: a reload then needs it there.
  if (keepToken(brought)) history.replaceState(history.state, '', location.pathname + location.search)
  return brought
}

function readToken(): string | undefined {
  try {
    return localStorage.getItem(place) ?? undefined
  } catch {
    // A browser that keeps nothing for pages says so by throwing.
    return undefined
  }
}

function keepToken(token: string): boolean {
  try {
    localStorage.setItem(place, token)
    return true
  } catch {
    return false
  }
}
