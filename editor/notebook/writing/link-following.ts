// link-following.ts — where a click in the text leads: with Ctrl or Cmd to the link's address, else into the text.
import { isLinkAddress } from './link-addresses.ts'

/** Whether it was a click on a link that is followed. */
export function followLink(event: MouseEvent): boolean {
  if (!event.ctrlKey && !event.metaKey) return false
  const link = event.target instanceof Element ? event.target.closest('a') : null
  const address = link?.getAttribute('href')
  if (address === undefined || address === null || !isLinkAddress(address)) return false
  openAddress(address)
  return true
}

export function openAddress(address: string): void {
  if (address.startsWith('#')) location.hash = address
  else open(address, '_blank', 'noopener,noreferrer')
}
