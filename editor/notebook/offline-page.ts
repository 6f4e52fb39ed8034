// offline-page.ts — the page itself, kept by a service worker so that it opens without a network; and what is said where that
// cannot be, and when a new version of it is there. Must not know: documents.
import { nameHere, serviceWorkerUrl } from '../place.ts'
import { askToReload, sayForGood } from './components/notices.tsx'
import { notices } from './texts.ts'

const saidKey = nameHere('syncline-told-of-plain-http')

export function keepPage(): void {
  if (!('serviceWorker' in navigator)) return sayOnce()
  // The development server has no worker to register.
  if (import.meta.env.DEV) return
  const { serviceWorker } = navigator
  // The first one to take over brings nothing new.
  const hadOne = serviceWorker.controller !== null
  serviceWorker.addEventListener('controllerchange', () => {
    if (hadOne) askToReload(notices.newVersion)
  })
  serviceWorker.register(serviceWorkerUrl).catch((failure: Error) => {
    // A page from the worker's own store tells so; without the relay there is nothing newer to be had.
    if (serviceWorker.controller === null) sayForGood(notices.workerFailed(failure.message))
  })
}

/** To everybody once; from then on it stands in the panel. */
function sayOnce(): void {
  if (localStorage.getItem(saidKey) !== null) return
  localStorage.setItem(saidKey, 'yes')
  sayForGood(notices.noServiceWorker)
}
