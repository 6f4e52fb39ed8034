// stock-person.ts — a y-websocket client's presence without a network: y-protocols' own Awareness, said and heard as
// y-websocket does, from 1.5 to 4. Knows: that it opens with its own state, and repeats whatever changes. Must not
// know: what the relay makes of it.
import { createEncoder, toUint8Array, writeVarUint, writeVarUint8Array } from 'lib0/encoding'
import {
  Awareness,
  applyAwarenessUpdate,
  encodeAwarenessUpdate,
  removeAwarenessStates,
} from 'y-protocols/awareness'
import * as Y from 'yjs'
import { encodeAwareness, encodeStep2, emptyUpdate } from '../shared/stock-wire.ts'
import { StockPeer } from './host-peers.ts'
import type { TestRelay } from './host-peers.ts'

const awarenessType = 1

export class StockPerson {
  readonly awareness: Awareness
  readonly client: number
  readonly #document: string
  #peer: StockPeer | undefined
  /** How often it was told of anybody. */
  timesTold = 0

  constructor(client: number, document = 'story') {
    const doc = new Y.Doc()
    doc.clientID = client
    this.client = client
    this.#document = document
    this.awareness = new Awareness(doc)
    this.awareness.on('update', ({ added, updated, removed }: Record<string, number[]>) => {
      this.#say([...(added ?? []), ...(updated ?? []), ...(removed ?? [])])
    })
  }

  be(name: string | undefined): void {
    this.awareness.setLocalState(name === undefined ? null : { name })
  }

  /** As it does every 15 s. */
  renew(): void {
    this.awareness.setLocalState(this.awareness.getLocalState())
  }

  connect(relay: TestRelay): void {
    this.#peer = new StockPeer(relay, this.#document)
    this.#peer.ask()
    if (this.awareness.getLocalState() !== null) this.#say([this.client])
    this.#peer.bytes(encodeStep2(emptyUpdate))
  }

  /** Its end says nothing more, and the relay does not know. */
  vanish(): StockPeer {
    const peer = this.#peer
    if (peer === undefined) throw new Error('It is not there.')
    this.#forgetOthers()
    return peer
  }

  breakOff(): void {
    this.vanish().lose()
  }

  /** What `disconnect` does: it says that it is gone, at the clock it has. */
  disconnect(): void {
    const own = encodeAwarenessUpdate(this.awareness, [this.client], new Map())
    this.#send(own)
    this.vanish().close()
  }

  /** Takes what was sent to it, and says what y-websocket would say of it; whether there was anything. */
  hear(): boolean {
    const heard = this.#peer?.heard.splice(0) ?? []
    for (const message of heard) {
      if (message.type !== 'awareness') continue
      this.timesTold++
      const frame = encodeAwareness(message.entries)
      applyAwarenessUpdate(this.awareness, bodyOf(frame), this)
    }
    return heard.length > 0
  }

  /** The names of those who are seen, itself left out. */
  get seen(): string[] {
    const others = [...this.awareness.getStates()].filter(([client]) => client !== this.client)
    return others.map(([, state]) => String(state['name'])).toSorted()
  }

  end(): void {
    this.awareness.destroy()
  }

  #forgetOthers(): void {
    this.#peer = undefined
    const others = [...this.awareness.getStates().keys()].filter((client) => client !== this.client)
    removeAwarenessStates(this.awareness, others, this)
  }

  #say(clients: number[]): void {
    this.#send(encodeAwarenessUpdate(this.awareness, clients))
  }

  #send(states: Uint8Array): void {
    const encoder = createEncoder()
    writeVarUint(encoder, awarenessType)
    writeVarUint8Array(encoder, states)
    this.#peer?.bytes(toUint8Array(encoder))
  }
}

function bodyOf(frame: Uint8Array): Uint8Array {
  let start = 1
  while ((frame[start] ?? 0) >= 0x80) start++
  return frame.subarray(start + 1)
}
