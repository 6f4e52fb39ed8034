// main.ts — runs the benches that are named, or all, for every target that is here, and says what came of it. Knows:
// the table of benches. Must not know: what any of them measures.
import { deferred } from './deferred.ts'
import { documents } from './documents.ts'
import { fanout } from './fanout.ts'
import type { Bench } from './figures.ts'
import { idle } from './idle.ts'
import { joinersBench } from './joiners.ts'
import { keys } from './keys.ts'
import { offline } from './offline.ts'
import { presence } from './presence.ts'
import { reconnect } from './reconnect.ts'
import { session } from './session.ts'
import { slow } from './slow.ts'
import { store } from './store.ts'
import { readAsked, usage } from './asked.ts'
import { goToLoadsCore } from './processor.ts'
import { Profiles } from './profile.ts'
import { reader } from './reader.ts'
import { Results } from './results.ts'
import { targetsAt } from './target.ts'
import { typing } from './typing.ts'

const benches: readonly Bench[] = [
  typing,
  fanout,
  session,
  joinersBench,
  reconnect,
  idle,
  presence,
  documents,
  slow,
  reader,
  offline,
  store,
  keys,
]

const asked = readAsked(
  process.argv.slice(2),
  benches.map(({ name }) => name),
)
if ('problem' in asked) {
  process.stderr.write(`${asked.problem}\n${usage(benches)}`)
  process.exit(2)
}
goToLoadsCore()
const targets = targetsAt(asked)
const profiles = asked.profile === undefined ? undefined : new Profiles(asked.profile)
const results = new Results()
// What goes wrong on a socket ends the measure that it belongs to, not the others.
let accident = deferred()
process.on('uncaughtException', (error) => accident.fail(error))
for (const bench of benches.filter(({ name }) => asked.names.includes(name))) {
  const here = targets.filter(
    ({ name }) =>
      bench.targets.includes(name) && (asked.targets.length === 0 || asked.targets.includes(name)),
  )
  for (let run = 0; run < asked.runs; run++) {
    for (const target of here) {
      if (!asked.json) process.stderr.write(`${bench.name}, ${target.name} …\n`)
      try {
        accident = deferred()
        const measured = await Promise.race([bench.measure(target, asked), accident.promise])
        if (measured !== undefined) results.add(bench, target.name, measured)
        if (target.isOurs && profiles !== undefined) process.stderr.write(profiles.textOfNew())
      } catch (error) {
        results.fail(bench, target.name, error)
      }
    }
  }
  if (!asked.json) process.stdout.write(results.textOf(bench))
}
process.stdout.write(asked.json ? results.json : results.verdicts)
process.exit(results.hasLost ? 1 : 0)
