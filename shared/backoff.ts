// backoff.ts — how long to wait before connecting again. Knows: how often it failed, a number in [0,1) that came in,
// what the relay asked for. Must not know: clocks, sockets. Full jitter, so that a relay that comes back is not met by
// all replicas at once; AWS measured it best of the simple ones, and half of our peers have none.
import { healthyMs, reconnectMsMax, reconnectMsMin } from './replica-limits.ts'

/** Beyond this the cap holds anyway, and 2 to a larger power is no number to multiply with. */
const doublingsMax = 20

/** `failures`: how often in a row, the last one included. `random`: at least 0 and below 1. */
export function waitMs(failures: number, random: number, afterMs = 0): number {
  const doublings = Math.min(Math.max(failures - 1, 0), doublingsMax)
  const ceiling = Math.min(reconnectMsMax, reconnectMsMin * 2 ** doublings)
  // What the relay asks for is a floor, and the jitter stands on it: else all who were told «in 5 s» came together.
  return Math.max(0, afterMs) + Math.floor(ceiling * random)
}

/** A relay that accepts and drops at once, again and again, must not be met without waiting. */
export function failuresAfter(failures: number, healthySince: number | undefined, now: number): number {
  const wasHealthy = healthySince !== undefined && now - healthySince >= healthyMs
  return wasHealthy ? 1 : failures + 1
}
