// bench.mjs — npm run bench -- NAME: figures, where tests show correctness. Compiles what it measures.
import { installWhatIsMissing, must, run } from './run.mjs'

installWhatIsMissing()
must(run('tsc', '-b', 'server', 'bench'), 'Compiling')
must(run(process.execPath, 'dist/bench/main.js', ...process.argv.slice(2)), 'The bench')
