// main.ts — the notes page: plain text over the native wire, as any application would be built. Knows: the page's
// elements and syncline/client. Must not know: what lies inside of it.
import { openWorkspace } from 'syncline/client'
import type { SynclineDocument } from 'syncline/client'
import { nameHere, relayUrl, serviceWorkerUrl } from '../place.ts'
import { bindTextarea } from '../stock/textarea.ts'
import { keptToken } from '../stock/token.ts'
import { noteInAddress } from './address.ts'
import { labels, notices, statusLine } from './texts.ts'

/** Ears are told what has come to rest, not each step on the way. */
const announceMs = 1000

const textarea = element('text', HTMLTextAreaElement)
const status = element('status', HTMLElement)
const announcement = element('announcement', HTMLElement)
const offline = element('offline', HTMLElement)
const nameInput = element('doc', HTMLInputElement)

const token = keptToken()
const workspace = openWorkspace({
  url: relayUrl,
  store: nameHere('syncline-notes'),
  ...(token === undefined ? {} : { token: () => Promise.resolve(token) }),
})
let announcing: ReturnType<typeof setTimeout> | undefined
let close = show(noteInAddress())

addEventListener('hashchange', () => {
  close()
  close = show(noteInAddress())
})
element('open', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault()
  location.hash = encodeURIComponent(nameInput.value)
})
offline.addEventListener('click', () => {
  workspace.workOffline(workspace.status.current.reason !== 'workOffline')
})
element('doc-label', HTMLElement).textContent = labels.documentName
element('open-button', HTMLElement).textContent = labels.open
keepPage()

/** Shows one note until what it returns is called. */
function show(name: string): () => void {
  document.title = labels.title(name)
  nameInput.value = name
  textarea.setAttribute('aria-label', labels.text(name))
  textarea.placeholder = labels.placeholder
  textarea.disabled = true

  const note = workspace.open(name)
  let unbind = bindTextarea(note.doc.getText('text'), textarea)
  let isShown = true
  const stops = [
    note.onRebuilt((doc) => {
      unbind()
      unbind = bindTextarea(doc.getText('text'), textarea)
    }),
    note.status.subscribe(() => showStatus(note)),
    workspace.status.subscribe(() => showStatus(note)),
  ]
  showStatus(note)
  // Before its own text is there the page must not take words that would stand beside it as a second text.
  void note.loaded.then(() => {
    if (!isShown) return
    textarea.disabled = false
    if (document.activeElement === document.body) textarea.focus({ preventScroll: true })
  })
  return () => {
    isShown = false
    unbind()
    for (const stop of stops) stop()
    void note.close()
  }
}

function showStatus(note: SynclineDocument): void {
  const { current } = note.status
  const line = statusLine(current, workspace.status.current)
  if (status.textContent !== line) {
    status.textContent = line
    clearTimeout(announcing)
    announcing = setTimeout(() => {
      announcement.textContent = line
    }, announceMs)
  }
  status.dataset['saved'] = String(current.isSaved)
  textarea.readOnly = current.mayWrite === false
  const isOffline = workspace.status.current.reason === 'workOffline'
  offline.textContent = isOffline ? labels.goOnline : labels.workOffline
  offline.setAttribute('aria-pressed', String(isOffline))
}

/** The service worker lets the page itself open while no relay answers. */
function keepPage(): void {
  const notice = element('notice', HTMLElement)
  if (!('serviceWorker' in navigator)) {
    notice.textContent = notices.needsRelay(notices.noServiceWorker)
    return
  }
  // The development server has no worker to register.
  if (import.meta.env.DEV) return
  navigator.serviceWorker.register(serviceWorkerUrl).catch((failure: Error) => {
    notice.textContent = notices.needsRelay(failure.message)
  })
}

function element<E extends HTMLElement>(id: string, type: new () => E): E {
  const found = document.getElementById(id)
  if (!(found instanceof type)) throw new Error(`The page has no ${type.name} called ${id}.`)
  return found
}
