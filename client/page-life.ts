// page-life.ts — what a browser tells a page about its life. Knows: the events. Must not know: what follows from them.
// Outside of a browser there is nothing to tell.

export type PageLife = {
  /** Somebody looks at it again. */
  readonly shown: (hiddenForMs: number) => void
  readonly frozen: () => void
  readonly thawed: () => void
  /** For good, as far as the browser knows. */
  readonly left: () => void
  /** A hint and nothing more: a network that seems to be there proves nothing. */
  readonly networkBack: () => void
}

export function watchPage(life: PageLife): () => void {
  if (typeof document === 'undefined') return () => undefined
  const stop = new AbortController()
  const { signal } = stop
  let hiddenSince = Date.now()
  const listen = (target: EventTarget, type: string, listener: (event: Event) => void): void =>
    target.addEventListener(type, listener, { signal })

  listen(document, 'visibilitychange', () => {
    if (document.visibilityState === 'visible') life.shown(Date.now() - hiddenSince)
    else hiddenSince = Date.now()
  })
  listen(document, 'freeze', life.frozen)
  listen(document, 'resume', life.thawed)
  listen(window, 'pagehide', (event) => {
    if (event instanceof PageTransitionEvent && event.persisted) life.frozen()
    else life.left()
  })
  listen(window, 'pageshow', (event) => {
    if (event instanceof PageTransitionEvent && event.persisted) life.thawed()
  })
  listen(window, 'online', life.networkBack)
  return () => stop.abort()
}
