// bytes.test.ts — what coming back to a document costs the line: next to nothing where nothing was missed, and hardly more
// than what was missed where something was. Counted between the real client and the real relay, without the meeting
// (hello, token), as bench/reconnect.ts counts it.
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as Y from 'yjs'
import type { Message } from '../../shared/message.ts'
import { decodeFrame, encodeMessage } from '../../shared/wire.ts'
import { eventually } from '../eventually.ts'
import { startRelayProcess } from '../relay-process.ts'
import type { RelayProcess } from '../relay-process.ts'
import { areStructurallyEqual } from '../stock-client.ts'
import { Device, untilStatus } from './device.ts'

const meeting = new Set<Message['type']>(['hello', 'welcome', 'authenticate', 'authenticated'])

let relay: RelayProcess

beforeAll(async () => {
  relay = await startRelayProcess()
})

afterAll(async () => {
  await relay?.[Symbol.asyncDispose]()
})

/** What goes over the line from now on. */
function bytesOf(device: Device): { up: number; down: number } {
  const bytes = { up: 0, down: 0 }
  const beyondMeeting = (frame: Uint8Array): number =>
    decodeFrame(frame.slice())
      .filter(({ type }) => !meeting.has(type))
      .reduce((sum, message) => sum + encodeMessage(message).length, 0)
  device.frameSent = (frame) => void (bytes.up += beyondMeeting(frame))
  device.frameReceived = (frame) => void (bytes.down += beyondMeeting(frame))
  return bytes
}

test.each([0, 1, 100, 1_000, 10_000])(
  '[C2] who missed %i edits comes back for at most a tenth more than they weigh together, and 200 bytes',
  async (missed) => {
    const name = `missed-${missed}`
    await using ann = new Device(relay.url)
    await using bob = new Device(relay.url)
    const [atAnn, atBob] = [ann.open(name), bob.open(name)]
    const text = atAnn.doc.getText('text')
    for (let edit = 0; edit < 500; edit++) text.insert(edit, 'x')
    expect(await atAnn.saved()).toEqual({ isSaved: true })
    await eventually([atBob.doc], () => areStructurallyEqual([atAnn.doc, atBob.doc]))
    bob.workspace.workOffline(true)

    const edits: Uint8Array[] = []
    atAnn.doc.on('update', (update: Uint8Array) => edits.push(update))
    for (let edit = 0; edit < missed; edit++) {
      if (edit % 5 === 4) text.delete((edit * 31) % text.length, 1)
      else text.insert((edit * 17) % text.length, String(edit % 10))
    }
    expect(await atAnn.saved()).toEqual({ isSaved: true })
    const merged = missed === 0 ? 0 : Y.mergeUpdates(edits).length

    const bytes = bytesOf(bob)
    bob.workspace.workOffline(false)
    await untilStatus(atBob.status, ({ phase, progress }) => phase === 'live' && progress === undefined)
    await eventually([atBob.doc], () => areStructurallyEqual([atAnn.doc, atBob.doc]))
    expect(bytes.up).toBeLessThan(200)
    expect(bytes.down).toBeLessThan(merged * 1.1 + 200)
  },
)
