import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkKernel } from '../../../src/kernel/check.ts'
import { parseConfig } from '../../../src/kernel/config.ts'
import { describeVerdict } from '../../../src/kernel/describe.ts'
import { loadKernelData } from '../../../src/kernel-data.ts'

const root = join(import.meta.dirname, '../../..')
const data = await loadKernelData()

test.each(['domu-6.1', 'debian-cloud-6.1', 'x86_64_defconfig-6.1'])(
  'the verdict on %s, as a person reads it',
  async (name) => {
    const path = `${name}.config`
    const config = parseConfig(readFileSync(join(root, 'kernel-configs/samples', path), 'utf8'))
    const verdict = checkKernel({ path, source: 'config', config }, { type: 'pvh', boot: 'dhcp' }, data)

    await expect(`${describeVerdict(verdict)}\n`).toMatchFileSnapshot(
      join(root, `test/golden/kernel/${name}.txt`),
    )
  },
)
