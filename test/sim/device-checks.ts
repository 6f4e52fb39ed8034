// device-checks.ts — a device when all is quiet: its rows are the log's document [C2], what was refused is in its inbox
// and nowhere else, and everything its people wrote was acknowledged or waits there for them [D3] [R1]. Knows: its disk,
// its people's ledgers, the truth. Must not know: machines.
import * as Y from 'yjs'
import { equalBytes } from '../../shared/equal-bytes.ts'
import { closedCode } from '../../shared/message.ts'
import { lineOfUpdate } from './frame-line.ts'
import type { NativeDevice } from './native-device.ts'
import type { SimulatedRelay } from './relay.ts'
import { differenceOf, holdsStructOf } from './truth.ts'
import { BrokenRule } from './world.ts'

export function checkDevice(device: NativeDevice, relay: SimulatedRelay, mayRead: boolean): void {
  const { truth } = relay
  const { name, document } = device
  device.check()
  if (!mayRead) return
  const difference = differenceOf(device.confirmed(), truth.of(document))
  if (difference !== undefined)
    throw new BrokenRule('C2', `${name} has other rows than the log: ${difference} there.`)
  const kept = device.kept()
  if (kept.pending.length > 0) throw new BrokenRule('L1', `${name} still has rows that wait for the relay.`)
  for (const ledger of device.ledgers) ledger.checkAtTheEnd(name, kept)
  // Two devices with one outbox may be told two things of one edit.
  if (!device.isCloned) checkInbox(device, relay)
}

function checkInbox(device: NativeDevice, relay: SimulatedRelay): void {
  const { name, document } = device
  // Two people may delete the same thing, in the same bytes.
  const unanswered = device.ledgers.flatMap((ledger) => ledger.unanswered)
  const acked = device.ledgers.flatMap((ledger) => ledger.acked)
  for (const { update, reason, code } of device.filings()) {
    const index = unanswered.findIndex((one) => equalBytes(one, update))
    // Its ack may have been lost with the relay's disk, or stand for a history that is gone.
    const isOfThePast = relay.hasLostSomething || code === closedCode.replaced || code === closedCode.gone
    // Two people may delete the same, in the same bytes, and only one of them while she may.
    const mayBeAcked = isOfThePast || Y.decodeUpdate(update).structs.length === 0
    if (index === -1 && mayBeAcked && acked.some((one) => equalBytes(one, update))) continue
    if (index === -1)
      throw new BrokenRule(
        'D3',
        `${name} has in its inbox what nobody wrote, or was acknowledged: ${lineOfUpdate(update)}. ${reason}`,
      )
    unanswered.splice(index, 1)
    // Refused while the relay's disk had lost it, and given back by somebody else since.
    if (relay.hasLostSomething) continue
    if (holdsStructOf(relay.truth.of(document), update))
      throw new BrokenRule('R1', `${name} has in its inbox what the log holds: ${reason}`)
  }
}
