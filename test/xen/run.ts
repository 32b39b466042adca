import { join } from 'node:path'
import { execa } from 'execa'
import { prepareLab, takeDownAbandoned } from './bring-up.ts'
import { sayNeeds } from './needs.ts'
import { say } from './progress.ts'
import { LabError, labSettings, repository } from './settings.ts'

// npm run test:xen [-- --all] [vitest's own arguments]: the short set, or everything. The lab is built beforehand,
// so that no test's time limit has to allow for a kernel build.

const all = process.argv.includes('--all')
const vitestArguments = process.argv.slice(2).filter((word) => word !== '--all')

const lab = labSettings('dmtest')

try {
  sayNeeds()
  await prepareLab(lab)
  process.on('SIGINT', () => undefined) // vitest is interrupted together with us; its lab is taken down below
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
  await takeDownAbandoned(lab) // nothing, unless the tests were killed
  process.exitCode = exitCode ?? 1
} catch (error) {
  if (!(error instanceof LabError)) throw error
  say(error.message)
  process.exit(1) // and with it whatever still builds
}
