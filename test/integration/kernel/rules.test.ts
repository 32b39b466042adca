import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { checkKernel, type KernelInput } from '../../../src/kernel/check.ts'
import { parseConfig } from '../../../src/kernel/config.ts'
import { SATISFIED } from '../../../src/kernel/judge.ts'
import type { KernelRequest } from '../../../src/kernel/request.ts'
import type { Rule } from '../../../src/kernel/rules.ts'
import { isWithin, parseVersion } from '../../../src/kernel/version.ts'
import { loadKernelData } from '../../../src/kernel-data.ts'

const samples = join(import.meta.dirname, '../../../kernel-configs/samples')
const sample = (name: string) => readFileSync(join(samples, `${name}.config`), 'utf8')
const inputOf = (text: string): KernelInput => ({ path: 'x', source: 'config', config: parseConfig(text) })

const data = await loadKernelData()
const DOMU = sample('domu-6.1')
// The guest's own kernel has no initramfs support; with it, every rule of both ways is satisfied.
const BOTH_WAYS = set(
  [
    'BLK_DEV_INITRD',
    ...['GZIP', 'BZIP2', 'LZMA', 'XZ', 'LZO', 'LZ4', 'ZSTD'].map((name) => `RD_${name}`),
  ].reduce((text, symbol) => set(text, symbol, 'y'), DOMU),
  'IA32_EMULATION',
  'y',
)
const EVERYTHING: KernelRequest = { type: 'pvh', boot: 'dhcp', nfs: '4.2', userland: 'systemd' }

/** The text of a configuration with one symbol changed, whatever kconfig would say to it. */
function set(text: string, symbol: string, value: string): string {
  const without = text.replaceAll(
    new RegExp(`^(?:CONFIG_${symbol}=.*|# CONFIG_${symbol} is not set)\n`, 'gm'),
    '',
  )
  const line =
    value === 'n'
      ? `# CONFIG_${symbol} is not set\n`
      : value === 'absent'
        ? ''
        : `CONFIG_${symbol}=${value}\n`
  return without.replace('# Linux/x86', `${line}# Linux/x86`)
}

/** A boot for which a rule counts, as far as it differs from the plainest one. */
function requestFor({ when }: Rule): KernelRequest {
  return {
    type: when?.type?.[0] ?? 'pv',
    boot: when?.boot?.[0] ?? 'static',
    nfs: when?.nfs?.at(-1) ?? '3',
    transport: when?.transport?.[0] ?? 'tcp',
    userland: when?.userland?.[0] ?? 'systemd',
  }
}

test('the guest kernel of the fragments passes for every boot, without a word', () => {
  for (const boot of ['static', 'dhcp', 'bootp'] as const) {
    for (const type of ['pv', 'pvh', undefined] as const) {
      for (const nfs of ['3', '4.0', '4.1', '4.2'] as const) {
        const verdict = checkKernel(inputOf(DOMU), { type, boot, nfs, userland: 'systemd' }, data)
        expect(verdict).toMatchObject({
          verdict: 'in-kernel',
          boots: { pv: true, pvh: true },
          migrates: true,
          findings: [],
          fragment: '',
        })
      }
    }
  }
})

const values = ['y', 'm', 'n', 'absent']
const version = parseVersion('6.1.192') ?? [0, 0, 0]
const flips = data.rules
  .filter((rule) => isWithin(version, rule))
  .flatMap((rule) =>
    (['in-kernel', 'initramfs'] as const).flatMap((path) => {
      const wanted = rule.want[path]
      if (wanted === undefined) return []
      const wrong =
        wanted === 'empty' ? ['"/usr/share/initramfs"'] : values.filter((value) => !SATISFIED[wanted](value))
      return wrong.map((value) => ({ rule, path, value, name: `${rule.symbol}=${value} on the way ${path}` }))
    }),
  )
  // The good value of this one is off already, so that its text in the sample has to be set first.
  .filter(({ rule }) => rule.id !== 'nfs-udp')

describe('one wrong value breaks exactly its rule', () => {
  test.each(flips)('$name ($rule.id)', ({ rule, path, value }) => {
    const input: KernelInput = {
      ...inputOf(set(BOTH_WAYS, rule.symbol, value)),
      ...(path === 'initramfs' ? { initramfs: initramfs(rule) } : {}),
    }

    const { verdict, findings } = checkKernel(input, requestFor(rule), data)

    const severity = typeof rule.severity === 'string' ? rule.severity : rule.severity[path]
    expect(findings.map(({ symbol, want, have }) => ({ symbol, want, have }))).toEqual([
      { symbol: `CONFIG_${rule.symbol}`, want: rule.want[path], have: value },
    ])
    expect(findings[0]).toMatchObject({ severity, why: rule.why })
    expect(verdict).toBe(
      severity !== 'error' ? path : path === 'in-kernel' && onlyInKernel(rule, value) ? 'initramfs' : 'no',
    )
  })

  test('covers all rules of this kernel version', () => {
    const covered = new Set(flips.map(({ rule }) => rule.id))
    const missing = data.rules.filter((rule) => isWithin(version, rule) && !covered.has(rule.id))
    expect(missing.map(({ id }) => id)).toEqual(['nfs-udp'])
  })
})

// A value that spoils the kernel's own way may still do for an initramfs.
function onlyInKernel(rule: Rule, value: string): boolean {
  const other = rule.want.initramfs
  return other === undefined || SATISFIED[other](value)
}

const KLIBC = ['scripts/functions', 'scripts/nfs', 'bin/nfsmount', 'bin/ipconfig']
const DRACUT = [
  'usr/lib/dracut/hooks/cmdline/90-parse-nfsroot.sh',
  'usr/lib/dracut-lib.sh',
  'usr/sbin/nfsroot',
  'usr/sbin/mount.nfs',
  'usr/sbin/ifup',
]

function initramfs(rule: Rule): NonNullable<KernelInput['initramfs']> {
  return {
    path: 'initrd',
    compression: rule.when?.initrd?.[0] ?? 'none',
    modules: new Map([
      [
        '6.1.192',
        new Set(['nfs', 'nfsv3', 'nfsv4', 'sunrpc', 'lockd', 'grace', 'xen-netfront', 'af-packet']),
      ],
    ]),
    files: new Set(['init', ...(rule.when?.boot?.[0] === 'bootp' ? KLIBC : DRACUT)]),
    unreadable: undefined,
  }
}

test('udp in the options of the root is refused where the kernel has it switched off', () => {
  const withUdp = set(DOMU, 'NFS_DISABLE_UDP_SUPPORT', 'n')
  const without = set(DOMU, 'NFS_DISABLE_UDP_SUPPORT', 'y')

  expect(checkKernel(inputOf(withUdp), { transport: 'udp' }, data).verdict).toBe('in-kernel')
  const refused = checkKernel(inputOf(without), { transport: 'udp' }, data)
  expect(refused.verdict).toBe('no')
  expect(refused.findings.map(({ symbol }) => symbol)).toContain('CONFIG_NFS_DISABLE_UDP_SUPPORT')
})

test('with everything asked for, nothing is missing', () => {
  expect(checkKernel(inputOf(DOMU), EVERYTHING, data).findings).toEqual([])
})
