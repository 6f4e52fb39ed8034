// Documents that are read without a room, while rooms come and go: on a disk that writes when the test says so.
import * as Y from 'yjs'
import { expect, test } from 'vitest'
import { NativePeer, TestRelay } from '../host-peers.ts'

const place = { tenant: '', document: 'story' }

function textUpdate(text: string): Uint8Array {
  const doc = new Y.Doc()
  doc.getText('text').insert(0, text)
  return Y.encodeStateAsUpdate(doc)
}

test('[L1] whoever reads a document is not disturbed by the last one who leaves it, at whichever moment', async () => {
  for (let moment = 0; moment < 60; moment++) {
    const relay = await new TestRelay().start()
    const author = new NativePeer(relay, 1)
    author.open()
    await relay.write()
    author.push(textUpdate('hello'))
    await relay.write()
    let read: unknown
    relay.host.reading.read(place, 'json').then(
      ({ bytes } = { bytes: undefined } as never) => {
        read = Buffer.from(bytes ?? []).toString()
      },
      (error: unknown) => {
        read = error
      },
    )
    for (let turn = 0; turn < moment; turn++) await Promise.resolve()
    author.lose()
    await relay.write()
    expect(relay.host.openDocuments).toBe(0)
    expect(read, `after ${moment} moments`).toBe('{"text":"hello"}')
  }
})
