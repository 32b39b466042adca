import { describe, expect, test } from 'vitest'
import {
  describeLastResort,
  type InitTry,
  initTryIn,
  isLastResort,
  isOfInit,
} from '../../../src/boot/init-try.ts'
import { guestFrom, kernelDocument, siteDocument } from '../../builders/site.ts'

const menas = guestFrom()
const withInitramfs = guestFrom(siteDocument({ kernels: [kernelDocument({ initrd: '/boot/initrd.img' })] }))
const run = (path: string) => `[    6.123456] Run ${path} as init process`

/** What is being tried after these lines of a console. */
const tryAfter = (...lines: readonly string[]) =>
  lines.reduce<InitTry | undefined>((trying, line) => initTryIn(line, menas, trying) ?? trying, undefined)

describe('the init that is being started', () => {
  test('is the one that the kernel names last, after those it could not run', () => {
    expect(tryAfter(run('/sbin/init'), run('/etc/init'), run('/bin/init'))).toEqual({
      detail: 'Run /bin/init as init process',
      path: '/bin/init',
      tried: ['/sbin/init', '/etc/init'],
      isTimed: true,
    })
  })

  test('is none as long as the initramfs is at work', () => {
    expect(initTryIn(run('/init'), withInitramfs, undefined)).toBeUndefined()
    expect(initTryIn(run('/init'), menas, undefined)?.path).toBe('/init')
    const halts = '[   97.1] systemd-journald[163]: Received SIGTERM from PID 1 (systemd).'
    expect(initTryIn(halts, withInitramfs, undefined)).toBeUndefined()
  })

  test.each([
    'Begin: Running /scripts/init-bottom ... done.',
    '[    9.1] systemd[1]: Switching root.',
    '         Starting \u001b[0;1;39minitrd-switch-root.service\u001b[0m - Switch Root...',
  ])('is left to the root by an initramfs that says %s', (line) => {
    expect(initTryIn(line, withInitramfs, undefined)).toMatchObject({ path: undefined, tried: [] })
  })

  test('is a shell only when nothing else could be run', () => {
    const shell = tryAfter(run('/sbin/init'), run('/etc/init'), run('/bin/init'), run('/bin/sh'))
    expect(shell && isLastResort(shell)).toBe(true)
    expect(shell && describeLastResort(shell)).toMatch(/none of \/sbin\/init, \/etc\/init, \/bin\/init /)
    const asked = tryAfter(run('/bin/sh'))
    expect(asked && isLastResort(asked)).toBe(false)
  })
})

describe('an init that was started', () => {
  const trying = { detail: '', path: '/sbin/init', tried: [], isTimed: true } as const

  test.each(['INIT: version 3.06 booting', 'Welcome to Debian GNU/Linux 12'])(
    'runs when it says %s',
    (line) => {
      expect(isOfInit(line, trying)).toBe(true)
    },
  )

  test.each([
    '[    6.2] random: crng init done',
    "[    6.2] Starting init: /sbin/init exists but couldn't execute it (error -8)",
    '/sbin/init: error while loading shared libraries: libc.so.6: cannot open shared object file',
    '',
  ])('is not known to run by %j', (line) => {
    expect(isOfInit(line, trying)).toBe(false)
  })

  test('cannot be told from a kernel that says no times', () => {
    expect(isOfInit('INIT: version 3.06 booting', { ...trying, isTimed: false })).toBe(false)
  })
})
