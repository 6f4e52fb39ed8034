// place.ts — where the pages lie: at the root of their origin, or under the path prefix of a relay or of the proxy before it.
// Each is a folder beside the others. Must not know: elements, documents.

const root = new URL('..', location.href)

export const relayUrl: string = root.href.replace(/^http/, 'ws')

export const serviceWorkerUrl: string = new URL('sw.js', root).href

/** What a browser keeps is kept by origin, and two relays may share one: under a prefix a name begins with it. */
export function nameHere(name: string): string {
  return root.pathname === '/' ? name : `${root.pathname.slice(1)}${name}`
}
