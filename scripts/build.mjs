// build.mjs — npm run build: the package and the pages, as they are published and served, into dist/.
import { writeFileSync } from 'node:fs'
import { builtMark, installWhatIsMissing, must, run } from './run.mjs'

installWhatIsMissing()
must(run('tsc', '-b'), 'Compiling')
must(run('vite', 'build', '--config', 'editor/vite.config.ts', '--logLevel', 'warn'), 'Building the pages')
writeFileSync(builtMark, '')
