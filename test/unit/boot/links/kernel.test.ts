import { expect, test } from 'vitest'
import type { BootFacts } from '../../../../src/boot/facts.ts'
import { kernelLink } from '../../../../src/boot/links/kernel.ts'
import type { Finding, KernelVerdict } from '../../../../src/kernel/verdict.ts'
import { guestFrom, kernelDocument, siteDocument } from '../../../builders/site.ts'

const finding = (symbol: string, way: 'in-kernel' | 'initramfs', over: Partial<Finding> = {}): Finding => ({
  symbol,
  want: 'y',
  have: 'n',
  severity: 'error',
  neededFor: [way],
  why: `why ${symbol}`,
  symptom: '',
  menu: ['File systems', symbol],
  blockedBy: [],
  ...over,
})

const verdict: KernelVerdict = {
  path: '/boot/k',
  version: '6.1.192',
  arch: 'x86_64',
  source: 'ikconfig',
  verdict: 'no',
  boots: { pv: true, pvh: true },
  migrates: true,
  findings: [
    finding('CONFIG_BLK_DEV_INITRD', 'initramfs'),
    finding('CONFIG_IP_PNP', 'in-kernel'),
    finding('CONFIG_ROOT_NFS', 'in-kernel', { have: 'absent' }),
  ],
  fragment: '',
}
// Only the fact about the kernel is looked at by this link.
const facts = { kernel: { kind: 'known', value: verdict } } as BootFacts

test('a kernel without an initrd is told all that its own way lacks, and nothing of the other way', () => {
  expect(kernelLink(guestFrom(), facts)).toEqual({
    link: 'kernel',
    status: 'fail',
    detail:
      '/boot/vmlinuz-nfsroot (6.1.192) cannot mount its root by NFS: CONFIG_IP_PNP is n, wanted y; CONFIG_ROOT_NFS is absent, wanted y (why CONFIG_IP_PNP)',
    fix: 'set CONFIG_IP_PNP=y: File systems > CONFIG_IP_PNP',
  })
})

test('with an initrd it is the way through that', () => {
  const guest = guestFrom(siteDocument({ kernels: [kernelDocument({ initrd: '/boot/initrd' })] }))
  expect(kernelLink(guest, facts).detail).toMatch(
    /: CONFIG_BLK_DEV_INITRD is n, wanted y \(why CONFIG_BLK_DEV_INITRD\)$/,
  )
})
