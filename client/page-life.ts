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
  let hiddenSince = Date.now()
  const visibilityChanged = (): void => {
    if (document.visibilityState === 'visible') life.shown(Date.now() - hiddenSince)
    else hiddenSince = Date.now()
  }
  document.addEventListener('visibilitychange', visibilityChanged, stop)
  document.addEventListener('freeze', life.frozen, stop)
  document.addEventListener('resume', life.thawed, stop)
  // Kept for whoever goes back to it, or not.
  const left = ({ persisted }: PageTransitionEvent): void => (persisted ? life.frozen : life.left)()
  const shownAgain = ({ persisted }: PageTransitionEvent): void => {
    if (persisted) life.thawed()
  }
  window.addEventListener('pagehide', left, stop)
  window.addEventListener('pageshow', shownAgain, stop)
  window.addEventListener('online', life.networkBack, stop)
  return () => stop.abort()
}
