// join.ts — a client of a server, on the wire that the server is measured through.
import { NativePeer } from './native-peer.ts'
import type { Joining, Peer } from './peer.ts'
import type { Server } from './server.ts'
import { StockPeer } from './stock-peer.ts'

export function join(server: Server, joining: Joining): Peer {
  return server.target.wire === 'native' ? new NativePeer(server, joining) : new StockPeer(server, joining)
}
