// The head of a tenant's log is not on the disk what this relay knows it to be: another wrote, or the disk lost it.
import { expect, test } from 'vitest'
import { goodbyeCode } from '../../shared/message.ts'
import { headKey } from '../../shared/record-keys.ts'
import { NativePeer, TestRelay } from '../host-peers.ts'

const first = Uint8Array.of(1, 1, 5, 0, 0, 1, 0)
const second = Uint8Array.of(1, 1, 6, 0, 0, 1, 0)

test('[D1] [L1] what can never be written is not tried for ever: everyone comes back, and it is written then', async () => {
  const relay = await new TestRelay().start()
  const ana = new NativePeer(relay, 1)
  ana.open()
  await relay.write()
  ana.opened()
  ana.push(first)
  await relay.write()
  const head = headKey('')
  expect(relay.disk.loseEntries({ from: head, to: Uint8Array.of(...head, 0) })).toHaveLength(1)
  const entry = ana.push(second)
  await relay.write()
  expect(ana.take('ack').flatMap(({ ranges }) => ranges)).toEqual([{ from: 1, count: 1 }])
  expect(ana.take('goodbye')).toMatchObject([{ code: goodbyeCode.draining }])
  expect(relay.reports.filter((code) => code === 'head-differs')).toHaveLength(1)
  expect(relay.reports).not.toContain('disk-refuses')
  const again = new NativePeer(relay, 1)
  again.open()
  await relay.write()
  again.opened()
  again.pushAgain(entry)
  await relay.write()
  expect(again.take('ack')).toHaveLength(1)
  expect(relay.reports.filter((code) => code === 'head-differs')).toHaveLength(1)
  expect(relay.host.state).toMatchObject({ waitingBytes: 0, isAllCommitted: true, isRefused: false })
})
