import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { apply, domus, PATIENCE_MS } from '../menas.ts'
import { guestConsoleLog, type Lab, startLab } from '../start-lab.ts'
import { arrivalLog, guestsOn } from './guest.ts'
import { menas, site } from './site.ts'
import { gapsIn, ticksIn } from './ticks.ts'

// PV guests, on the hypervisor with shadow paging.

describe.runIf(process.env.DOMUS_XEN_ALL === '1')('a PV guest, where Xen has shadow paging', () => {
  let lab: Lab

  beforeAll(async () => {
    lab = await startLab({ hosts: 2, hypervisor: 'shadow' })
    await apply(lab, site({ domains: [menas({ kernel: 'pv' })] }))
    await domus(lab, ['start', 'menas', '--wait'])
  }, 3 * PATIENCE_MS)
  afterAll(() => lab.stop())

  test(
    'moves there and back and counts without a gap',
    async () => {
      await domus(lab, ['migrate', 'menas', 'xen2'])
      expect([await guestsOn(lab, 1), await guestsOn(lab, 2)]).toEqual([[], ['menas']])
      await domus(lab, ['migrate', 'menas', 'xen1'])
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
