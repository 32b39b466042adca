import { join } from 'node:path'
import { execa } from 'execa'
import { prepareLab } from './bring-up.ts'
import { sayNeeds } from './needs.ts'
import { say } from './progress.ts'
import { LabError, labSettings, repository } from './settings.ts'

// npm run test:xen [-- --all] [vitest's own arguments]: the short set, or everything. The lab is built beforehand,
// so that no test's time limit has to allow for a kernel build.

const all = process.argv.includes('--all')
const vitestArguments = process.argv.slice(2).filter((word) => word !== '--all')

try {
  sayNeeds()
  await prepareLab(labSettings('dmtest'))
  const vitest = join(repository, 'node_modules/vitest/vitest.mjs')
  const { exitCode } = await execa(
    process.execPath,
    [vitest, 'run', '--project', 'xen', ...vitestArguments],
    {
      cwd: repository,
      env: all ? { DOMUS_XEN_ALL: '1' } : {},
      stdio: 'inherit',
      reject: false,
    },
  )
  process.exitCode = exitCode ?? 1
} catch (error) {
  if (!(error instanceof LabError)) throw error
  say(error.message)
  process.exit(1) // and with it whatever still builds
}
