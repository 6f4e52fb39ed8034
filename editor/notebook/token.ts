// token.ts — the tokens that are kept in this browser: the one the relay took last, and one that a link or a person offered
// since and that it has not taken yet. Out of the address, so that none is in a history or in what somebody copies. Must not
// know: what a token says, who checks it.
import { keep, kept } from './kept-here.ts'

const takenKey = 'syncline-token'
const offeredKey = 'syncline-token-offered'

let given = ''
let isTakenRefused = false

export function takeTokenFromAddress(): void {
  const said = new URLSearchParams(location.hash.slice(1))
  const token = said.get('token')
  if (token === null) return
  offer(token)
  said.delete('token')
  history.replaceState(null, '', `${location.pathname}#${said.toString()}`)
}

/** A whole link is taken as well as the token alone. */
export function offerToken(words: string): void {
  const mark = words.indexOf('#')
  const inLink = mark === -1 ? null : new URLSearchParams(words.slice(mark + 1)).get('token')
  offer((inLink ?? words).trim())
}

/** Without accounts there is the empty one. */
export function giveToken(): Promise<string> {
  given = offered() || taken()
  return Promise.resolve(given)
}

/** The relay took what was given last. */
export function tokenTaken(): void {
  isTakenRefused = false
  if (given === '' || given !== offered()) return
  keep(takenKey, given)
  keep(offeredKey, '')
}

/** Whether another one, which was good when it was asked about last, is given from now on in place of the refused one. */
export function goBackToTaken(): boolean {
  if (given !== offered()) isTakenRefused = true
  if (isTakenRefused || taken() === '') return false
  keep(offeredKey, '')
  return true
}

/** What this browser signs in with: `offered`, it was never taken. */
export function tokenHere(): 'none' | 'offered' | 'taken' {
  if (offered() !== '') return 'offered'
  return taken() === '' ? 'none' : 'taken'
}

type SharedLink = { readonly link: string; readonly carriesToken: boolean }

/** A link that lets whoever has it in, where this browser was let in by one. */
export function linkWithToken(address: string): SharedLink {
  const link = new URL(address, location.href)
  const said = new URLSearchParams(link.hash.slice(1))
  const token = taken() || offered()
  if (token !== '') said.set('token', token)
  link.hash = said.toString()
  return { link: link.href, carriesToken: token !== '' }
}

function offer(token: string): void {
  keep(offeredKey, token === taken() ? '' : token)
}

function offered(): string {
  return kept(offeredKey) ?? ''
}

function taken(): string {
  return kept(takenKey) ?? ''
}
