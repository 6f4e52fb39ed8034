// provider.ts — a document with the face of y-websocket's provider, for bindings and applications that want one. Knows:
// the package's own public face. What y-websocket calls synced is here: caught up with the relay; that one's own words
// are saved too, `document.status` tells.
import { ObservableV2 } from 'lib0/observable'
import type { Awareness } from 'y-protocols/awareness'
import type * as Y from 'yjs'
import type { SynclineDocument } from './opened-document.ts'
import type { Workspace } from './workspace.ts'

type ProviderEvents = {
  sync: (isSynced: boolean) => void
  status: (event: { status: 'connected' | 'connecting' | 'disconnected' }) => void
  /** `doc` and `awareness` are others than before: bindings have to be made anew. */
  rebuilt: (doc: Y.Doc) => void
}

type ConnectionStatus = Parameters<ProviderEvents['status']>[0]['status']

/**
 * @example
 * const provider = new SynclineProvider(workspace, 'shopping')
 * provider.on('sync', (isSynced) => console.log(isSynced))
 */
export class SynclineProvider extends ObservableV2<ProviderEvents> {
  readonly document: SynclineDocument
  readonly #workspace: Workspace
  readonly #stops: readonly (() => void)[]
  #synced = false
  #status: ConnectionStatus = 'disconnected'

  constructor(workspace: Workspace, name: string) {
    super()
    this.#workspace = workspace
    this.document = workspace.open(name)
    const look = (): void => this.#look()
    this.#stops = [
      this.document.status.subscribe(look),
      workspace.status.subscribe(look),
      this.document.onRebuilt((doc) => this.emit('rebuilt', [doc])),
    ]
  }

  get doc(): Y.Doc {
    return this.document.doc
  }

  get awareness(): Awareness {
    return this.document.awareness
  }

  get synced(): boolean {
    return this.#synced
  }

  /** Of all documents: they share one socket. */
  connect(): void {
    this.#workspace.workOffline(false)
    this.#workspace.retryNow()
  }

  disconnect(): void {
    this.#workspace.workOffline(true)
  }

  override destroy(): void {
    for (const stop of this.#stops) stop()
    void this.document.close()
    super.destroy()
  }

  #look(): void {
    const status = connectionStatus(this.#workspace.status.current.phase)
    const synced = status === 'connected' && this.document.status.current.phase === 'live'
    if (status !== this.#status) {
      this.#status = status
      this.emit('status', [{ status }])
    }
    if (synced === this.#synced) return
    this.#synced = synced
    this.emit('sync', [synced])
  }
}

function connectionStatus(phase: Workspace['status']['current']['phase']): ConnectionStatus {
  if (phase === 'ready') return 'connected'
  return phase === 'connecting' || phase === 'greeting' ? 'connecting' : 'disconnected'
}
