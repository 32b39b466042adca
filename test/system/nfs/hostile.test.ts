import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { exportLinux } from '../../../src/apply/export-linux.ts'
import type { Inventory } from '../../../src/model/inventory.ts'
import { siteOf } from '../../builders/exports.ts'
import { carryOut, contextOn, exportAll, planOn, stepOf } from './exporting.ts'
import { openSandbox, type Sandbox } from './sandbox.ts'

const GUESTS = [
  ['menas', 'slack', '38.99.2.222'],
  ['web', 'deb12', '38.99.2.223'],
  ['db', 'db', '38.99.2.224'],
] as const

/** All subsets of three guests. */
const SITES: readonly Inventory[] = Array.from({ length: 8 }, (_, mask) => {
  const guests = GUESTS.filter((_guest, at) => (mask >> at) & 1)
  const whole = siteOf(GUESTS, { folder: '/srv/xen' })
  const kept = new Set<string>(guests.map(([name]) => name))
  return { ...whole, domains: new Map([...whole.domains].filter(([name]) => kept.has(name))) }
})

/** What administrators write: hundreds of lines of every kind that exports(5) knows, and some that it does not. */
function hostileLines(count: number): string {
  const kinds = [
    (at: number) => `/srv/theirs/d${at}\t10.1.0.${at % 250}(ro,no_subtree_check)`,
    (at: number) =>
      `"/srv/theirs/with blank ${at}"  10.2.0.0/16(rw,sync,no_subtree_check,crossmnt)  @trusted(ro)`,
    (at: number) => `/srv/theirs/octal\\040blank${at} *.example.org(ro,insecure,all_squash,anonuid=5)`,
    (at: number) => `/srv/theirs/c${at} \\\n   10.3.0.1(rw,no_subtree_check) \\\n   10.3.0.2(ro)`,
    (at: number) => `# comment ${at} with a backslash \\`,
    () => '',
    () => '   \t ',
    (at: number) => `/srv/theirs/crlf${at} 10.4.0.1(ro)\r`,
    (at: number) => `/srv/theirs/defaults${at} -ro,no_subtree_check 10.5.0.1 10.5.0.2(rw) 10.5.0.3`,
    (at: number) => `/srv/theirs/umläut${at} 10.6.0.1(ro)`,
    (at: number) => `/srv/theirs/world${at}`,
    (at: number) =>
      `# BEGIN DOMUS book\n# Managed by domus for site book; sha256=${'0'.repeat(64)}\n/srv/theirs/fake${at} 10.7.0.1(ro)\n# END DOMUS book`,
  ]
  return Array.from({ length: count }, (_, at) => kinds[at % kinds.length]?.(at)).join('\n')
}

let box: Sandbox

beforeEach(async () => {
  box = await openSandbox()
  await box.sh('mkdir -p /srv/xen/slack /srv/xen/deb12 /srv/xen/db /srv/theirs/d0 /etc/exports.d')
})
afterEach(() => box.close())

const theirs = () =>
  box.sh(
    'cd /etc; for f in exports exports.d/zfs.exports exports.d/.hidden; do stat -c "%n %a %u %g %i %y %z" $f; sha256sum $f; done',
  )

test('whatever we do, the files of the administrator stay as they are, to the byte and the second', async () => {
  // The last line is broken: a quote that is never closed.
  const text = `${hostileLines(400)}\n"/srv/theirs/broken 10.8.0.1(rw`
  await box.machine.writeFile('/etc/exports', { content: text, mode: 0o640, uid: 7, gid: 8 })
  await box.machine.writeFile('/etc/exports.d/zfs.exports', {
    content: '# !!! DO NOT EDIT\n/srv/theirs/d0 10.9.0.1(rw)\n',
    mode: 0o644,
  })
  await box.machine.writeFile('/etc/exports.d/.hidden', { content: 'not read', mode: 0o600 })
  const before = await theirs()
  const steps = fc.array(fc.record({ to: fc.nat(7), isUndone: fc.boolean() }), { minLength: 1, maxLength: 5 })
  await fc.assert(
    fc.asyncProperty(steps, async (sequence) => {
      for (const { to, isUndone } of sequence) {
        const plan = await planOn(box.machine, SITES[to] ?? (SITES[0] as Inventory))
        if (plan.steps.length === 0) continue
        const { saved } = await carryOut(box.machine, stepOf(plan))
        if (isUndone) await exportLinux.undo(stepOf(plan), saved, contextOn(box.machine), 'done')
      }
      expect(await theirs()).toBe(before)
    }),
    { numRuns: 8 },
  )
})

test('a broken line of theirs is reported as theirs, and ours are live all the same', async () => {
  await box.machine.writeFile('/etc/exports', {
    content: '/srv/theirs/d0 10.0.0.1(ro,no_subtree_check)\n/srv/theirs/d0 10.0.0.2(ro,no_such_option)\n',
    mode: 0o644,
  })
  const all = SITES[7] as Inventory
  const plan = await planOn(box.machine, all)
  const about = plan.warnings.filter(({ message }) => message.includes('no_such_option'))
  expect(about).toEqual([
    {
      path: 'servers/filer',
      message: expect.stringMatching(/not ours .*\/etc\/exports:2: unknown keyword "no_such_option"/),
    },
  ])
  await exportAll(box.machine, all)
  expect(await box.sh('exportfs -s | grep -c /srv/xen')).toBe('3\n')
})
