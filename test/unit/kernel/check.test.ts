import { describe, expect, test } from 'vitest'
import { checkKernel, type KernelData, type KernelInput } from '../../../src/kernel/check.ts'
import type { KernelConfig } from '../../../src/kernel/config.ts'
import { describeVerdict } from '../../../src/kernel/describe.ts'
import type { KernelRequest } from '../../../src/kernel/request.ts'
import type { Rule } from '../../../src/kernel/rules.ts'

const rule = (own: Partial<Rule> & Pick<Rule, 'id' | 'symbol'>): Rule => ({
  want: { 'in-kernel': 'y' },
  severity: 'error',
  group: 'nfs',
  why: 'It is needed.',
  symptoms: [{ text: 'nothing works' }],
  menu: ['Menu', own.symbol],
  fragment: `CONFIG_${own.symbol}=y`,
  ...own,
})
const RULES: readonly Rule[] = [
  rule({ id: 'xen', symbol: 'XEN', group: 'guest', want: { 'in-kernel': 'y', initramfs: 'y' } }),
  rule({
    id: 'pv',
    symbol: 'XEN_PV',
    group: 'guest',
    when: { type: ['pv'] },
    since: '4.12',
    want: { 'in-kernel': 'y', initramfs: 'y' },
  }),
  rule({
    id: 'pvh',
    symbol: 'XEN_PVH',
    group: 'guest',
    when: { type: ['pvh'] },
    since: '4.11',
    want: { 'in-kernel': 'y', initramfs: 'y' },
  }),
  rule({
    id: 'pvh-old',
    symbol: 'XEN_PVH',
    group: 'guest',
    when: { type: ['pvh'] },
    until: '4.10',
    want: { 'in-kernel': 'never', initramfs: 'never' },
  }),
  rule({
    id: 'root',
    symbol: 'ROOT_NFS',
    symptoms: [
      { until: '6.11', text: 'unknown-block' },
      { since: '6.12', text: 'No working init' },
    ],
  }),
  rule({ id: 'net', symbol: 'NETFRONT', want: { 'in-kernel': 'y', initramfs: 'y|m' } }),
  rule({ id: 'dhcp', symbol: 'DHCP', when: { boot: ['dhcp'] } }),
  rule({ id: 'v41', symbol: 'V4_1', when: { nfs: ['4.1'] }, absentFrom: '6.19' }),
  rule({ id: 'save', symbol: 'XEN_SAVE_RESTORE', group: 'migration', severity: 'warn', until: '6.17' }),
  rule({ id: 'callbacks', symbol: 'HIBERNATE_CALLBACKS', group: 'migration', severity: 'warn' }),
  rule({
    id: 'v2',
    symbol: 'NFS_V2',
    severity: 'warn',
    want: { 'in-kernel': 'not-y' },
    fragment: '# CONFIG_NFS_V2 is not set',
  }),
]
const data: KernelData = { rules: RULES, dependencies: [], initramfs: { generators: [], modules: [] } }

const GOOD = {
  XEN: 'y',
  XEN_PV: 'y',
  XEN_PVH: 'y',
  ROOT_NFS: 'y',
  NETFRONT: 'y',
  DHCP: 'y',
  V4_1: 'y',
  XEN_SAVE_RESTORE: 'y',
  HIBERNATE_CALLBACKS: 'y',
  NFS_V2: 'n',
}
function input(values: Readonly<Record<string, string>> = {}, own: Partial<KernelConfig> = {}): KernelInput {
  const all = Object.entries({ ...GOOD, ...values }).filter(([, value]) => value !== 'absent')
  const config = {
    version: '6.1.192',
    arch: 'x86_64',
    values: new Map(all),
    incomplete: undefined,
    duplicates: [],
    ...own,
  }
  return { path: '.config', source: 'config', config }
}
const check = (
  values?: Readonly<Record<string, string>>,
  request: KernelRequest = {},
  own?: Partial<KernelConfig>,
) => checkKernel(input(values, own), request, data)

describe('the verdict', () => {
  test('is in-kernel when everything is there', () => {
    expect(check()).toMatchObject({
      verdict: 'in-kernel',
      boots: { pv: true, pvh: true },
      migrates: true,
      findings: [],
    })
  })

  test('is initramfs when modules would do', () => {
    expect(check({ NETFRONT: 'm', ROOT_NFS: 'n' })).toMatchObject({
      verdict: 'initramfs',
      fragment: 'CONFIG_ROOT_NFS=y\nCONFIG_NETFRONT=y\n',
    })
  })

  test('is no when both ways are closed, and each finding says which it closes', () => {
    const { verdict, findings } = check({ NETFRONT: 'n', ROOT_NFS: 'n' })

    expect(verdict).toBe('no')
    expect(findings.map(({ symbol, neededFor }) => [symbol, neededFor])).toEqual([
      ['CONFIG_ROOT_NFS', ['in-kernel']],
      ['CONFIG_NETFRONT', ['in-kernel', 'initramfs']],
    ])
  })

  test('a warning changes nothing but is told', () => {
    expect(check({ NFS_V2: 'y' })).toMatchObject({
      verdict: 'in-kernel',
      findings: [{ symbol: 'CONFIG_NFS_V2', severity: 'warn', want: 'not-y', have: 'y' }],
      fragment: '# CONFIG_NFS_V2 is not set\n',
    })
  })

  test('of a file that settles nothing is undetermined', () => {
    expect(check({}, {}, { incomplete: 'it is cut off' })).toMatchObject({
      verdict: 'undetermined',
      reason: 'it is cut off',
    })
  })
})

describe('the guest type', () => {
  test('that is asked for decides', () => {
    expect(check({ XEN_PVH: 'n' }, { type: 'pvh' }).verdict).toBe('no')
    expect(check({ XEN_PVH: 'n' }, { type: 'pv' })).toMatchObject({
      verdict: 'in-kernel',
      findings: [],
      boots: { pv: true, pvh: false },
    })
  })

  test('that is not asked for: one is enough, and the other is told', () => {
    expect(check({ XEN_PVH: 'n' })).toMatchObject({
      verdict: 'in-kernel',
      findings: [{ symbol: 'CONFIG_XEN_PVH', severity: 'info', only: { type: ['pvh'] } }],
    })
    expect(check({ XEN_PVH: 'n', XEN_PV: 'n' })).toMatchObject({ verdict: 'no', migrates: false })
  })

  test('pvh does not exist before 4.11, whatever the symbol says', () => {
    expect(check({}, { type: 'pvh' }, { version: '4.9.337' })).toMatchObject({
      verdict: 'no',
      boots: { pvh: false },
    })
  })

  test('pv needs no symbol of its own before 4.12', () => {
    expect(check({ XEN_PV: 'absent' }, { type: 'pv' }, { version: '4.11.12' }).boots.pv).toBe(true)
    expect(check({ XEN_PV: 'absent' }, { type: 'pv' }, { version: '4.12.1' }).boots.pv).toBe(false)
  })
})

describe('the address', () => {
  test('DHCP is needed when it is asked for', () => {
    expect(check({ DHCP: 'n' }, { boot: 'dhcp' }).verdict).toBe('initramfs')
    expect(check({ DHCP: 'n' }, { boot: 'static' }).findings).toEqual([])
  })

  test('nothing asked is static, with a hint', () => {
    expect(check({ DHCP: 'n' })).toMatchObject({
      verdict: 'in-kernel',
      findings: [{ severity: 'info', only: { boot: ['dhcp'] } }],
      fragment: '',
    })
  })
})

describe('symbols that come and go', () => {
  test('the migration of 6.18 and later needs one symbol less', () => {
    expect(check({ XEN_SAVE_RESTORE: 'absent' }).migrates).toBe(false)
    expect(check({ XEN_SAVE_RESTORE: 'absent' }, {}, { version: '6.18.2' }).migrates).toBe(true)
    expect(
      check({ XEN_SAVE_RESTORE: 'absent', HIBERNATE_CALLBACKS: 'n' }, {}, { version: '6.18.2' }).migrates,
    ).toBe(false)
  })

  test('a symbol whose meaning went to another may be missing from then on, but not be off', () => {
    const request: KernelRequest = { nfs: '4.1' }
    expect(check({ V4_1: 'absent' }, request).verdict).toBe('initramfs')
    expect(check({ V4_1: 'absent' }, request, { version: '6.19.0' }).verdict).toBe('in-kernel')
    expect(check({ V4_1: 'n' }, request, { version: '6.19.0' }).verdict).toBe('initramfs')
  })

  test('the symptom is that of the kernel at hand', () => {
    const seen = (version: string) => check({ ROOT_NFS: 'n' }, {}, { version }).findings[0]?.symptom
    expect([seen('5.10.223'), seen('6.11.0'), seen('6.12.1'), seen('7.0')]).toEqual([
      'unknown-block',
      'unknown-block',
      'No working init',
      'No working init',
    ])
  })
})

test('the verdict, as a person reads it', () => {
  expect(describeVerdict(check({ XEN: 'absent', NFS_V2: 'y' }, { type: 'pv' }))).toMatchInlineSnapshot(`
    ".config: no: a guest with this kernel cannot mount its root over NFS
      kernel    6.1.192 x86_64 (from config)
      starts as pv no, pvh no; migrates no
    error CONFIG_XEN is absent, wanted y (in-kernel, initramfs)
            It is needed.
            seen as: nothing works
            menu:     Menu → XEN
    warn  CONFIG_NFS_V2 is y, wanted anything but y (in-kernel)
            It is needed.
            seen as: nothing works
            menu:     Menu → NFS_V2
    merge this fragment and build anew:
    CONFIG_XEN=y
    # CONFIG_NFS_V2 is not set"
  `)
})

test('an undetermined one names its reason', () => {
  expect(
    describeVerdict(check({}, {}, { incomplete: 'it is cut off', arch: undefined })),
  ).toMatchInlineSnapshot(`
    ".config: undetermined: what this kernel can do cannot be told
      because   it is cut off
      kernel    6.1.192 unknown architecture (from config)
      starts as pv unknown, pvh unknown; migrates unknown"
  `)
})
