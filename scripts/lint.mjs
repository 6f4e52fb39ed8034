// lint.mjs — npm run lint: every check that runs nothing of the project. Each one is told apart, because npm test
// counts them.
import { pathToFileURL } from 'node:url'
import { installWhatIsMissing, run as runProgram } from './run.mjs'

export const checks = [
  { name: 'types', run: () => runProgram('tsc', '-b') },
  { name: 'lint, import cycles and floating promises', run: () => runProgram('oxlint', '--deny-warnings') },
  { name: 'format', run: () => runProgram('oxfmt', '--check') },
  { name: 'dead exports and unused dependencies', run: () => runProgram('knip') },
]

/** Runs them all, and returns the names of those that failed. */
export function failedChecks() {
  return checks
    .filter(({ name, run }) => {
      console.log(`\n— ${name}`)
      return !run()
    })
    .map(({ name }) => name)
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  installWhatIsMissing()
  const failed = failedChecks()
  for (const name of failed) console.error(`Failed: ${name}`)
  process.exitCode = failed.length === 0 ? 0 : 1
}
