// build.mjs — npm run build: the package and the pages, as they are published and served, into dist/.
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { builtMark, installWhatIsMissing, must, root, run } from './run.mjs'

installWhatIsMissing()
must(run('tsc', '-b'), 'Compiling')
for (const folder of ['shared', 'server', 'client', 'node', 'react', 'types']) removeWhatHasNoSource(folder)
must(run('vite', 'build', '--config', 'editor/vite.config.ts', '--logLevel', 'warn'), 'Building the pages')
writeFileSync(builtMark, '')

/** The compiler leaves what it made of a file that was renamed since, and the package would carry it along. */
function removeWhatHasNoSource(folder) {
  const built = join(root, 'dist', folder)
  for (const name of readdirSync(built)) {
    const source = name.replace(/\.(d\.ts|js|js\.map)$/, '.ts')
    if (source === name || !existsSync(join(root, folder, source))) rmSync(join(built, name))
  }
}
