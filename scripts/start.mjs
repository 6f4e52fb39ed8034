// start.mjs — npm start: builds what is missing or older than its sources, then is the relay.
import { installWhatIsMissing, isBuildOutOfDate } from './run.mjs'

installWhatIsMissing()
if (isBuildOutOfDate()) {
  console.log('Building …')
  await import('./build.mjs')
}
await import('../dist/server/main.js')
