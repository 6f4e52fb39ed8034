// answer-watch.ts — refusals that the relay has told and whose authors have not filed them: their answers lie on its disk,
// so that a re-send gets the same one [R1]. Knows: keys of answers, who said what when. Must not know: rooms.
import { identityKey } from '../../shared/replica-keys.ts'
import { decodeIdentity } from '../../shared/replica-records.ts'
import { equalBytes } from '../../shared/equal-bytes.ts'
import { entryKind, refusedCode } from '../../shared/message.ts'
import type { FiledEntry, Refusal } from '../../shared/message.ts'
import { answerKey } from '../../shared/record-keys.ts'
import { tenant } from './authority.ts'
import type { NativeDevice } from './native-device.ts'
import type { SimulatedRelay } from './relay.ts'
import { BrokenRule } from './world.ts'

type Promised = {
  readonly device: NativeDevice
  readonly document: string
  readonly epoch: Uint8Array
  readonly counter: number
  readonly key: Uint8Array
}

export class AnswerWatch {
  readonly #relay: SimulatedRelay
  #promised: Promised[] = []
  /** Of each device the counters: what was sent twice may be told of once more. */
  readonly #filed = new Map<NativeDevice, Set<number>>()

  constructor(relay: SimulatedRelay) {
    this.#relay = relay
  }

  /** Where all writing is refused nothing is kept: the same answer is found again. */
  relaySaid(device: NativeDevice, refusals: readonly Refusal[]): void {
    const { name, document } = device
    const epoch = this.#relay.truth.epochOf(document)
    const [identity] = device.disk.present({ from: identityKey, to: Uint8Array.of(...identityKey, 0) })
    if (identity === undefined) throw new Error(`${name} is nobody, and speaks with the relay.`)
    const { replica } = decodeIdentity(identity.value)
    const filed = this.#filed.get(device)
    for (const { counter, hash, code } of refusals) {
      if (filed?.has(counter) === true) continue
      if (code === refusedCode.readOnly || device.pushed.get(counter)?.kind !== entryKind.edit) continue
      const key = answerKey({ tenant, document, epoch, replica, counter, hash })
      if (
        this.#isOfThePast(document, (past) =>
          answerKey({ tenant, document, epoch: past, replica, counter, hash }),
        )
      )
        continue
      this.#promised.push({ device, document, epoch, counter, key })
    }
    this.check()
  }

  /** It was kept by the batch that ended its history. */
  #isOfThePast(document: string, keyIn: (epoch: Uint8Array) => Uint8Array): boolean {
    this.#relay.truth.of(document)
    return this.#relay.truth.retired.some(
      (past) => past.document === document && this.#isDurable(keyIn(past.epoch)),
    )
  }

  #isDurable(key: Uint8Array): boolean {
    return this.#relay.disk.durable({ from: key, to: Uint8Array.of(...key, 0) }).length > 0
  }

  relayHeard(device: NativeDevice, filed: readonly FiledEntry[]): void {
    const counters = this.#filed.get(device) ?? new Set()
    for (const { counter } of filed) counters.add(counter)
    this.#filed.set(device, counters)
    this.#promised = this.#promised.filter((one) => one.device !== device || !counters.has(one.counter))
  }

  check(): void {
    const { truth, hasLostSomething } = this.#relay
    // What the disk lost it lost; what was replaced has no answers any more.
    if (hasLostSomething) return
    // Of two devices with one name either may say that it has filed.
    this.#promised = this.#promised.filter(
      ({ device, document, epoch }) => !device.isCloned && equalBytes(epoch, truth.epochOf(document)),
    )
    for (const { device, counter, key } of this.#promised) {
      if (!this.#isDurable(key))
        throw new BrokenRule(
          'R1',
          `${device.name} was refused ${counter}, and the relay has forgotten that it said so.`,
        )
    }
  }
}
