// test.mjs — npm test: types, lint, every test, the browser tests too. Its last line counts what really ran;
// a skipped test counts as failed.
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { installWhatIsMissing, root, run } from './run.mjs'

installWhatIsMissing()

const { checks, failedChecks } = await import('./lint.mjs')
const { ensureChromium } = await import('./chromium.mjs')

const failed = failedChecks()
const tests = failed.includes('types') ? { passed: 0, failed: 1 } : await testsOrReason()

for (const name of failed) console.error(`Failed: ${name}`)
console.log(
  `\n${checks.length - failed.length + tests.passed} passed, ${failed.length + tests.failed} failed`,
)
process.exitCode = failed.length + tests.failed === 0 ? 0 : 1

/** Without a browser nothing is run: a count without the browser tests would look like all of them. */
async function testsOrReason() {
  try {
    process.env.CHROMIUM_PATH = await ensureChromium()
  } catch (error) {
    console.error(error.message)
    return { passed: 0, failed: 1 }
  }
  return runTests()
}

async function runTests() {
  await import('./build.mjs')
  const report = join(root, 'dist', 'test-report.json')
  rmSync(report, { force: true })
  const succeeded = run(
    'vitest',
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  )
  if (!existsSync(report)) return { passed: 0, failed: 1 }
  const { numTotalTests, numPassedTests } = JSON.parse(readFileSync(report, 'utf8'))
  const notPassed = numTotalTests - numPassedTests
  // A file that cannot be loaded, or an error outside a test, fails the run without failing a test.
  return { passed: numPassedTests, failed: Math.max(notPassed, succeeded && numTotalTests > 0 ? 0 : 1) }
}
