// guarded-devices.ts — for each test of a file a relay of its own that asks for tokens, and devices that end with the test.
import { afterEach, beforeEach } from 'vitest'
import { GuardedRelay } from '../server/guarded-relay.ts'
import type { Device } from './device.ts'

export class GuardedDevices {
  #relay: GuardedRelay | undefined
  #devices: Device[] = []

  constructor() {
    beforeEach(async () => {
      this.#devices = []
      this.#relay = await GuardedRelay.start()
    })
    afterEach(async () => {
      await Promise.all(this.#devices.map((device) => device[Symbol.asyncDispose]()))
      await this.#relay?.close()
    })
  }

  get relay(): GuardedRelay {
    if (this.#relay === undefined) throw new Error('There is a relay only while a test runs.')
    return this.#relay
  }

  add(device: Device): Device {
    this.#devices.push(device)
    return device
  }
}
