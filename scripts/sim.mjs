// sim.mjs — npm run sim: the simulator. `-- --seeds 10000` many worlds, `-- --seed N` one with its trace,
// `-- --planted` the planted bugs. Compiles what it runs.
import { installWhatIsMissing, must, run } from './run.mjs'

installWhatIsMissing()
must(run('tsc', '-b', 'test/sim'), 'Compiling')
process.exitCode = run(process.execPath, 'dist/test/sim/main.js', ...process.argv.slice(2)) ? 0 : 1
