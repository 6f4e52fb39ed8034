// shared-document.ts — one opening of a document for all components that use it: open while one of them does, and a
// moment longer. Knows: who uses it. Must not know: React, what is shown of it.
import type { Awareness } from 'y-protocols/awareness'
import type * as Y from 'yjs'
import type { Observable, Saved, SynclineDocument, Workspace } from '../client/index.ts'
import { OwnPresence } from './own-presence.ts'
import { Peers } from './peers.ts'

/** A document as it is until `doc` is another one: then this is another object too. */
export type DocumentView = {
  readonly doc: Y.Doc
  readonly awareness: Awareness
  /** Answers when everything typed so far is on the relay's disk, or at once with the reason why not. */
  readonly saved: () => Promise<Saved>
}

/** StrictMode unmounts and mounts again in one go; a route that is left for another of the same document takes longer. */
const afterLastUseMs = 1_000

const sharedIn = new WeakMap<Workspace, Map<string, SharedDocument>>()

export class SharedDocument {
  readonly document: SynclineDocument
  /** Undefined until what this device keeps is in it. */
  readonly view: Observable<DocumentView | undefined>
  readonly peers: Peers
  readonly ownPresence: OwnPresence
  readonly #forget: () => void
  #users = 0
  #ending: ReturnType<typeof setTimeout> | undefined

  private constructor(document: SynclineDocument, forget: () => void) {
    this.document = document
    this.view = viewOf(document)
    this.peers = new Peers(document)
    this.ownPresence = new OwnPresence(document)
    this.#forget = forget
  }

  /** Undefined: no component uses it. */
  static find(workspace: Workspace, name: string): SharedDocument | undefined {
    return sharedIn.get(workspace)?.get(name)
  }

  /** What is called at the end says that it is used no more by who asked. */
  static use(workspace: Workspace, name: string): readonly [SharedDocument, () => void] {
    const all = sharedIn.get(workspace) ?? new Map<string, SharedDocument>()
    sharedIn.set(workspace, all)
    const shared = all.get(name) ?? new SharedDocument(workspace.open(name), () => all.delete(name))
    all.set(name, shared)
    shared.#use()
    return [shared, () => shared.#leave()]
  }

  #use(): void {
    this.#users += 1
    clearTimeout(this.#ending)
  }

  #leave(): void {
    this.#users -= 1
    if (this.#users === 0) this.#ending = setTimeout(() => this.#end(), afterLastUseMs)
  }

  #end(): void {
    this.#forget()
    this.peers.stop()
    // What the relay lacks still goes to it; nobody is there to wait for that.
    void this.document.close()
  }
}

function viewOf(document: SynclineDocument): Observable<DocumentView | undefined> {
  let isLoaded = false
  const loaded = document.loaded.then(() => {
    isLoaded = true
  })
  let view: DocumentView | undefined
  return {
    get current() {
      if (isLoaded && view?.doc !== document.doc)
        view = { doc: document.doc, awareness: document.awareness, saved: () => document.saved() }
      return view
    },
    subscribe: (listener) => {
      let isListening = true
      const stop = document.onRebuilt(listener)
      if (!isLoaded)
        void loaded.then(() => {
          if (isListening) listener()
        })
      return () => {
        isListening = false
        stop()
      }
    },
  }
}
