// damage-notice.ts — what a person is told when a record cannot be read. Knows: what a key says of whose record it is. Must
// not know: what is done about it.
import type { Damage } from '../shared/damage.ts'
import { decodeKey } from '../shared/record-keys.ts'
import { StoreError } from '../shared/store.ts'
import type { Notice } from './notice.ts'

export function isDamage(error: unknown): boolean {
  return error instanceof StoreError && error.code === 'damaged'
}

export function noticeOfDamage({ key, cause }: Damage): Notice {
  return { code: 'record-damaged', ...placeOf(key), cause }
}

function placeOf(key: Uint8Array): { readonly tenant?: string; readonly document?: string } {
  try {
    const place = decodeKey(key)
    return 'document' in place
      ? { tenant: place.tenant, document: place.document }
      : 'tenant' in place && place.tenant !== undefined
        ? { tenant: place.tenant }
        : {}
  } catch (error) {
    // A key that cannot be read either names nobody.
    if (isDamage(error)) return {}
    throw error
  }
}
