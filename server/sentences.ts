// sentences.ts — what clients of both wires are told in the same words. With the trace, whoever is asked for help finds what
// happened in the journal.

export function relayFailed(trace: string | undefined): string {
  const known = trace === undefined || trace === '' ? '' : ` (trace ${trace})`
  return `The relay could not answer. Come back in a moment.${known}`
}
