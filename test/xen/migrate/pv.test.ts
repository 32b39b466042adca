import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { guestConsoleLog, type Lab, startLab } from '../start-lab.ts'
import { arrivalLog, guestsOn } from './guest.ts'
import { menas, site } from './site.ts'
import { gapsIn, ticksIn } from './ticks.ts'

// PV guests, on the hypervisor with shadow paging.

const PATIENCE_MS = 600_000 // of one command, on a machine that has other work too

describe.runIf(process.env.DOMUS_XEN_ALL === '1')('a PV guest, where Xen has shadow paging', () => {
  let lab: Lab

  async function mustDomus(...argv: string[]) {
    const result = await lab.domus(argv, { timeoutMs: PATIENCE_MS })
    expect(result.exitCode, `${argv.join(' ')}\n${result.stderr}${result.stdout}`).toBe(0)
  }

  beforeAll(async () => {
    lab = await startLab({ hosts: 2, hypervisor: 'shadow' })
    const applied = await lab.domus(['apply', '-f', '-', '--yes'], {
      input: JSON.stringify(site({ domains: [menas({ kernel: 'pv' })] })),
      timeoutMs: PATIENCE_MS,
    })
    expect(applied.exitCode, applied.stderr).toBe(0)
    await mustDomus('start', 'menas', '--wait')
  }, 3 * PATIENCE_MS)
  afterAll(() => lab.stop())

  test(
    'moves there and back and counts without a gap',
    async () => {
      await mustDomus('migrate', 'menas', 'xen2')
      expect([await guestsOn(lab, 1), await guestsOn(lab, 2)]).toEqual([[], ['menas']])
      await mustDomus('migrate', 'menas', 'xen1')
      expect([await guestsOn(lab, 1), await guestsOn(lab, 2)]).toEqual([['menas'], []])
      const back = lab.console(1, 'menas--incoming')
      await back.waitFor(/^DOMUS-GUEST tick \d*5$/, PATIENCE_MS)
      await back.close()
      const consoles = await Promise.all([
        lab.must(1, ['cat', guestConsoleLog('menas')]),
        lab.must(2, ['cat', arrivalLog('menas')]),
        lab.must(1, ['cat', arrivalLog('menas')]),
      ])
      const ticks = ticksIn(consoles.join('').replaceAll('\r', ''))
      expect(ticks.length).toBeGreaterThan(5)
      expect(gapsIn(ticks)).toEqual([])
    },
    5 * PATIENCE_MS,
  )
})
