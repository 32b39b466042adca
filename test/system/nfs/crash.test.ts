import { afterEach, beforeEach, expect, test } from 'vitest'
import { exportLinux } from '../../../src/apply/export-linux.ts'
import { siteOf } from '../../builders/exports.ts'
import { contextOn, drive, exportAll, planOn, stepOf } from './exporting.ts'
import { openSandbox, type Sandbox } from './sandbox.ts'

const site = (...domains: Parameters<typeof siteOf>[0]) => siteOf(domains, { folder: '/srv/xen' })
// One export stays, one goes, one comes.
const from = site(['menas', 'slack', '38.99.2.222'], ['old', 'old', '38.99.2.223'])
const to = site(['menas', 'slack', '38.99.2.222'], ['new', 'new', '38.99.2.224'])

let box: Sandbox

beforeEach(async () => {
  box = await openSandbox()
  await box.sh('mkdir -p /srv/xen/slack /srv/xen/old /srv/xen/new')
})
afterEach(() => box.close())

const picture = () => box.sh('cat /etc/exports.d/domus.exports; sort /var/lib/nfs/etab; cat /etc/exports')

// The actions of one apply; the last test proves that there are no more.
const ACTIONS = 11
const POINTS = [
  ...Array.from({ length: ACTIONS }, (_, at) => ['before', at + 1] as const),
  ['after', ACTIONS] as const,
]

test.each(POINTS)(
  'killed with SIGKILL %s action %i, the next start finds its way back, and forth',
  async (when, at) => {
    await exportAll(box.machine, from)
    const before = await picture()
    const step = stepOf(await planOn(box.machine, to))
    const { signal, saved } = await drive(box, step, when, at)
    expect(signal).toBe('SIGKILL')
    if (saved !== undefined) await exportLinux.undo(step, saved, contextOn(box.machine), 'uncertain')
    expect(await picture()).toBe(before)
    await exportAll(box.machine, to)
    expect(await picture()).toContain('38.99.2.224(')
  },
)

test('there are no more actions than those', async () => {
  await exportAll(box.machine, from)
  const { signal, stdout, stderr } = await drive(box, stepOf(await planOn(box.machine, to)))
  expect({ signal, stdout, stderr }).toEqual({ signal: undefined, stdout: String(ACTIONS), stderr: '' })
})
