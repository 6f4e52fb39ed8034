// main.ts — runs the benches that are named, or all: `main.js reader`, `main.js --json`. Knows: the table of
// benches. Must not know: what any of them measures.

import { benchReader } from './reader.ts'
import { jsonOf, machine, type Report, textOf } from './report.ts'

const benches: Readonly<Record<string, () => Report | Promise<Report>>> = {
  reader: benchReader,
}

const { json, names } = asked(process.argv.slice(2))
if (!json) process.stdout.write(`${machine()}\n`)
for (const name of names.length > 0 ? names : Object.keys(benches)) {
  const run = benches[name]
  if (run === undefined) {
    process.stderr.write(`There is no bench ${name}. There are: ${Object.keys(benches).join(', ')}.\n`)
    process.exit(2)
  }
  const report = await run()
  process.stdout.write(json ? jsonOf(report) : textOf(report))
}

function asked(words: readonly string[]): { json: boolean; names: readonly string[] } {
  return { json: words.includes('--json'), names: words.filter((word) => !word.startsWith('--')) }
}
