// address.ts — which document the address names: `#doc=<id>`. Must not know: documents, the workspace.
import { useSyncExternalStore } from 'react'

export function documentInAddress(): string | undefined {
  return new URLSearchParams(location.hash.slice(1)).get('doc') ?? undefined
}

export function addressOf(id: string): string {
  return `#${new URLSearchParams({ doc: id }).toString()}`
}

export function goTo(id: string): void {
  location.hash = addressOf(id)
}

/** As if the address had named it at once. */
export function goInstead(id: string): void {
  location.replace(addressOf(id))
}

export function useDocumentInAddress(): string | undefined {
  return useSyncExternalStore(subscribe, documentInAddress)
}

function subscribe(listener: () => void): () => void {
  addEventListener('hashchange', listener)
  return () => removeEventListener('hashchange', listener)
}
