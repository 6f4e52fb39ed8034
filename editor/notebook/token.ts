// token.ts — the token that a link brought: kept in this browser, taken out of the address, so that it is in no history and
// in no address that somebody copies. Must not know: what it says, who checks it.
import { keep, kept } from './kept-here.ts'

const key = 'syncline-token'

export function takeTokenFromAddress(): void {
  const said = new URLSearchParams(location.hash.slice(1))
  const token = said.get('token')
  if (token === null) return
  keep(key, token)
  said.delete('token')
  history.replaceState(null, '', `${location.pathname}#${said.toString()}`)
}

/** Without accounts there is the empty one. */
export function giveToken(): Promise<string> {
  return Promise.resolve(kept(key) ?? '')
}

/** A whole link is taken as well as the token alone. */
export function keepToken(words: string): void {
  const mark = words.indexOf('#')
  const inLink = mark === -1 ? null : new URLSearchParams(words.slice(mark + 1)).get('token')
  keep(key, (inLink ?? words).trim())
}

export type SharedLink = { readonly link: string; readonly carriesToken: boolean }

/** A link that lets whoever has it in, where this browser was let in by one. */
export function linkWithToken(address: string): SharedLink {
  const link = new URL(address, location.href)
  const said = new URLSearchParams(link.hash.slice(1))
  const token = kept(key)
  if (token !== undefined) said.set('token', token)
  link.hash = said.toString()
  return { link: link.href, carriesToken: token !== undefined }
}
