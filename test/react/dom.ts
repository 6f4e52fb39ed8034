// dom.ts — a page for react-dom in Node: happy-dom's window and document, and nothing else of it, so that sockets, timers
// and streams stay Node's own. Import it before react-dom, which looks at once whether there is a page.
import { Window } from 'happy-dom'

const page = new Window({ url: 'http://127.0.0.1/' })
Object.assign(globalThis, { window: page, document: page.document })
// Node has one of its own since 21.
if (!('navigator' in globalThis)) Object.assign(globalThis, { navigator: page.navigator })

/** Resolves as soon as it holds; it is asked now and after every change of the page. */
export function untilPage(holds: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (!holds()) return
      observer.disconnect()
      resolve()
    }
    const observer = new page.MutationObserver(look)
    observer.observe(page.document.body, { subtree: true, childList: true, characterData: true })
    look()
  })
}
