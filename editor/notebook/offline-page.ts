// offline-page.ts — the page itself, kept by a service worker so that it opens without a network; and what is said where that
// cannot be, and when a new version of it is there. Must not know: documents.
import type { Observable, WorkspaceStatus } from 'syncline/client'
import { serviceWorkerUrl } from '../place.ts'
import { askToReload, sayForGood } from './components/notices.tsx'
import { isReached } from './indicator.ts'
import { isKept, keep, kept } from './kept-here.ts'
import { notices } from './texts.ts'

const saidKey = 'syncline-told-of-plain-http'

export function keepPage(status: Observable<WorkspaceStatus>): void {
  if (!isKept) return sayForGood(notices.keepsNothing)
  if (!('serviceWorker' in navigator)) return sayOnce()
  // The development server has no worker to register.
  if (import.meta.env.DEV) return
  const { serviceWorker } = navigator
  // The first one to take over brings nothing new.
  const hadOne = serviceWorker.controller !== null
  serviceWorker.addEventListener('controllerchange', () => {
    if (hadOne) askToReload(notices.newVersion)
  })
  serviceWorker.register(serviceWorkerUrl).then(
    (registration) => lookForNewer(registration, status),
    (failure: Error) => {
      // A page from the worker's own store tells so; without the relay there is nothing newer to be had.
      if (serviceWorker.controller === null) sayForGood(notices.workerFailed(failure.message))
    },
  )
}

/** By itself a browser asks when a page is opened, and this one may stay open for weeks: a relay that comes again may be another. */
function lookForNewer(registration: ServiceWorkerRegistration, status: Observable<WorkspaceStatus>): void {
  let wasReached = isReached(status.current)
  status.subscribe(() => {
    const isNowReached = isReached(status.current)
    // Where it is gone again already, its next coming asks.
    if (isNowReached && !wasReached) registration.update().catch(() => undefined)
    wasReached = isNowReached
  })
}

/** To everybody once; from then on it stands in the panel. */
function sayOnce(): void {
  if (kept(saidKey) !== undefined) return
  keep(saidKey, 'yes')
  sayForGood(notices.noServiceWorker)
}
