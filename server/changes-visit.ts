// changes-visit.ts — what changed since a workspace cursor, asked once and without a socket, a page at a time. Must not
// know: HTTP, what a cursor says.
import { right } from '../shared/message.ts'
import type { ChangedDocument } from '../shared/message.ts'
import type { LinkId } from '../shared/room-words.ts'
import type { ConnectionHost, LinkOwner } from './host-connection.ts'
import type { LiveGrant } from './live-grant.ts'

export type Changes = {
  /** All that may be read, not what changed since. */
  readonly isFull: boolean
  /** This is a page of it: the cursor goes on behind it. */
  readonly hasMore: boolean
  readonly documents: readonly ChangedDocument[]
  readonly cursor: Uint8Array
}

/** Undefined: the store could not be read. */
export function changesSince(
  host: ConnectionHost,
  grant: LiveGrant,
  cursor: Uint8Array,
): Promise<Changes | undefined> {
  const { tenant } = grant
  return new Promise((resolve) => {
    let link: LinkId | undefined
    const end = (outcome: Changes | undefined) => {
      if (link === undefined) return
      host.workspace(tenant, { type: 'left', link })
      host.forgetLink(link)
      link = undefined
      resolve(outcome)
    }
    const owner: LinkOwner = {
      told: (_link, message) => {
        if (message.type !== 'changed') return
        const { full, more, documents, cursor: next } = message
        end({ isFull: full, hasMore: more, documents, cursor: next })
      },
      echoed: () => undefined,
      closed: () => end(undefined),
      learnRights: (names) => learnRights(grant, names),
      failed: () => end(undefined),
    }
    link = host.nextLink(owner)
    host.workspace(tenant, { type: 'changesAsked', link, cursor, follow: false, onePage: true, grant })
  })
}

/** Asks what the grant does not know yet. */
export async function learnRights(grant: LiveGrant, names: readonly string[]): Promise<void> {
  await Promise.all(names.map((name) => grant.ask(name)))
}

export function rightsWord(rights: number): 'read' | 'write' | 'none' {
  if ((rights & right.write) !== 0) return 'write'
  return (rights & right.read) === 0 ? 'none' : 'read'
}
