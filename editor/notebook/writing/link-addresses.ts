// link-addresses.ts — which addresses a page follows, or loads. What stands in a document may have been written by anybody:
// everything else is shown and does nothing.

export function isLinkAddress(address: unknown): boolean {
  return typeof address === 'string' && /^(?:https?:\/\/|mailto:|#doc=)/i.test(address)
}

export function isImageAddress(address: unknown): address is string {
  return typeof address === 'string' && /^https?:\/\//i.test(address)
}

/** What a person typed, as an address: `example.org` is one on the web, `ann@example.org` one for letters. Undefined: none. */
export function linkAddressFrom(words: string): string | undefined {
  const address = words.trim()
  if (isLinkAddress(address)) return address
  if (/^[^\s:/@]+@[^\s:/@]+$/.test(address)) return `mailto:${address}`
  return /^[^\s:/]+\.[^\s:]+$/.test(address) ? `https://${address}` : undefined
}
