// main.ts — the stock page: a plain editor on y-websocket and y-indexeddb alone, as an example for people who
// bring their own client. Knows: the page's elements and those two packages. Must not know: Syncline. Nothing here
// is made for this relay, and what others write is durable all the same before this page shows it [D2].
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'
import { nameHere, relayUrl, serviceWorkerUrl } from '../place.ts'
import { keepInBrowser } from './storage.ts'
import { bindTextarea } from './textarea.ts'
import { labels, notices, statusLine } from './texts.ts'
import type { Kept, Link } from './texts.ts'
import { keptToken } from './token.ts'

const patienceMs = 5000

const token = keptToken()
const name = new URLSearchParams(location.search).get('doc') || 'notes'
const textarea = element('text', HTMLTextAreaElement)
const status = element('status', HTMLElement)
const notice = element('notice', HTMLElement)

labelPage()
// A browser takes these two for folders, even percent-encoded, and would ask for another document.
if (name === '.' || name === '..') notice.textContent = notices.impossibleName(name)
else openDocument()
keepPage()

function openDocument(): void {
  const doc = new Y.Doc()
  let kept: Kept = { is: 'opening' }
  let link: Link = { is: 'sought' }
  let provider: WebsocketProvider | null = null
  let relayHasAnswered = false

  function keptBecame(next: Kept): void {
    kept = next
    showStatus()
  }

  function linkBecame(next: Link): void {
    link = next
    showStatus()
  }

  function showStatus(): void {
    const line = statusLine(kept, link)
    // A screen reader says the line each time it is set, and the provider tries again every few seconds.
    if (status.textContent !== line) status.textContent = line
    status.dataset['link'] = link.is
    status.dataset['kept'] = kept.is
    // Before its own text is there the page must not take words that would stand beside it as a second text.
    const canWrite = kept.is === 'kept' || (kept.is === 'lost' && relayHasAnswered)
    const focusIsFree = textarea.disabled && canWrite && document.activeElement === document.body
    textarea.disabled = !canWrite
    textarea.readOnly = link.is === 'closed'
    textarea.placeholder = canWrite && link.is !== 'closed' ? labels.placeholder : ''
    if (focusIsFree) textarea.focus({ preventScroll: true })
  }

  // The browser's copy first: it shows at once, and the relay is then asked only for what it lacks.
  function connect(): void {
    if (provider !== null) return
    const params = token === undefined ? {} : { token }
    provider = new WebsocketProvider(relayUrl, encodeURIComponent(name), doc, { params })
    provider.on('sync', (synced) => {
      if (!synced) return
      relayHasAnswered = true
      linkBecame({ is: 'synced' })
    })
    provider.on('connection-close', () => linkBecame({ is: 'away' }))
    provider.on('closed', ({ code, reason }) => linkBecame({ is: 'closed', code, reason }))
  }

  bindTextarea(doc.getText('text'), textarea)
  showStatus()
  const patience = setTimeout(() => {
    keptBecame({ is: 'opening-slowly' })
    connect()
  }, patienceMs)
  keepInBrowser(nameHere(`stock/${name}`), doc, (reason) => keptBecame({ is: 'lost', reason }))
    .then(
      () => keptBecame({ is: 'kept' }),
      (failure: Error) => keptBecame({ is: 'lost', reason: failure.message }),
    )
    .finally(() => {
      clearTimeout(patience)
      connect()
    })
}

/** The service worker lets the page itself open while no relay answers. */
function keepPage(): void {
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

function labelPage(): void {
  document.title = labels.title(name)
  element('doc-label', HTMLElement).textContent = labels.documentName
  element('doc', HTMLInputElement).value = name
  element('open-button', HTMLElement).textContent = labels.open
  textarea.setAttribute('aria-label', labels.text(name))
}

function element<E extends HTMLElement>(id: string, type: new () => E): E {
  const found = document.getElementById(id)
  if (!(found instanceof type)) throw new Error(`The page has no ${type.name} called ${id}.`)
  return found
}
