import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Check, CheckName, Move } from '../../../src/migration/check.ts'
import { missingFeatures, parseCpuFeatures } from '../../../src/migration/cpu.ts'
import type { MigrationFacts } from '../../../src/migration/facts.ts'
import { type HostLook, readLook } from '../../../src/migration/look.ts'
import { checkMove, judgeMove } from '../../../src/migration/preflight.ts'
import { type Guest, guestOf } from '../../../src/model/inventory.ts'
import { toolstacks } from '../../../src/toolstack/kinds.ts'
import { kernelVerdict, known, unknown } from '../../builders/boot-facts.ts'
import { domainDocument, inventoryOf, kernelDocument, siteDocument } from '../../builders/site.ts'

type Fields = Record<string, unknown>

const fixture = (name: string) =>
  readFileSync(new URL(`../../fixtures/xl-4.17/${name}`, import.meta.url), 'utf8')

const guestWith = (domain: Fields = {}, kernel: Fields = {}): Guest => {
  const inventory = inventoryOf(
    siteDocument({
      hosts: [
        { name: 'h1', machine: 'ssh://root@h1' },
        { name: 'h2', machine: 'ssh://root@h2' },
      ],
      kernels: [kernelDocument({ type: 'pvh', ...kernel })],
      domains: [domainDocument({ memoryMiB: 64, ...domain })],
    }),
  )
  const menas = inventory.domains.get('menas')
  if (menas === undefined) throw new Error('the site has no menas')
  return guestOf(inventory, menas)
}

const FEATURES = parseCpuFeatures(`Dynamic sets:
PV Max                          178bfbff:00002001
PV Default                      178bfbff:00002001
HVM Max                         178bfbff:00002001
HVM Default                     178bfbff:00002001`)

/** What xl 4.17 printed of a host, with what a test changes. */
function look(over: Partial<HostLook> = {}): HostLook {
  const { xl } = toolstacks
  return {
    bootId: 'boot-1',
    systemd: true,
    info: known(xl.parseInfo(fixture('info.txt'))),
    domains: known([]),
    states: known([]),
    dom0MiB: 509,
    cpu: known(FEATURES),
    outputFormat: undefined,
    autoballoon: undefined,
    bridges: ['xenbr0'],
    interfaces: ['lo', 'eth0', 'xenbr0'],
    hasVifScript: true,
    files: new Map([['/boot/vmlinuz-nfsroot', 'aaaa']]),
    disks: new Map(),
    leaving: [],
    arriving: [],
    way: undefined,
    ...over,
  }
}

const running = (guest: Guest, over: Fields = {}) => ({
  name: guest.domain.name,
  domid: 3,
  state: 'running' as const,
  flags: '-b----',
  memoryMiB: 64,
  uuid: guest.domain.uuid,
  ...over,
})

const onHost = (guest: Guest, over: Fields = {}) => ({
  name: guest.domain.name,
  domid: 3,
  uuid: guest.domain.uuid,
  type: 'pvh',
  memoryMiB: 64,
  kernel: guest.kernel.path,
  ramdisk: undefined,
  cmdline: undefined,
  vifs: [{ mac: guest.domain.mac, bridge: 'xenbr0', name: undefined }],
  ...over,
})

const WAY = {
  exitCode: 0,
  said: ['boot-2', '1800000000.500000000', 'Domain-0'],
  before: 1_800_000_000.1,
  after: 1_800_000_000.9,
}

interface Over {
  readonly guest?: Guest
  readonly source?: Partial<HostLook>
  readonly target?: Partial<HostLook>
  readonly facts?: Partial<MigrationFacts>
}

/** A move that nothing speaks against, but for what a test changes. */
function move({ guest = guestWith(), source = {}, target = {}, facts = {} }: Over = {}): Move {
  const { domain, host, image, server } = guest
  const claim = { root: `${server.name}:${image.path}`, domain: domain.name, host: host.name, generation: 1 }
  return {
    guest,
    to: { name: 'h2', machine: 'ssh://root@h2', toolstack: 'xl' },
    facts: {
      source: known(
        look({ states: known([running(guest)]), domains: known([onHost(guest)]), way: WAY, ...source }),
      ),
      target: known(look({ bootId: 'boot-2', ...target })),
      kernel: known(kernelVerdict()),
      server: known({
        nfs: true,
        rpcbind: true,
        mountd: true,
        lookup: { kind: 'unknown', reason: 'nobody tried' },
      }),
      claim: known(claim),
      sourceConfig: { kind: 'absent' },
      targetConfig: { kind: 'absent' },
      ...facts,
    },
  }
}

const judged = (check: CheckName, over: Over): Check | undefined =>
  checkMove(move(over)).find((one) => one.check === check)

test('a move that nothing speaks against: every check is ok', () => {
  expect(checkMove(move()).filter(({ status }) => status !== 'ok')).toEqual([])
})

test('what nobody could look at is unknown, never ok', () => {
  const dark = unknown('cannot reach it')
  const facts = {
    source: dark,
    target: dark,
    kernel: dark,
    server: dark,
    claim: dark,
    targetConfig: dark,
  }
  const notNeeded = ['initrd', 'disks'] // this guest has none
  for (const { check, status, detail } of checkMove(move({ facts })))
    expect([check, status, detail.includes('cannot reach it')]).toEqual(
      notNeeded.includes(check) ? [check, 'ok', false] : [check, 'unknown', true],
    )
})

const guest = guestWith()
const { domain } = guest
const withInitrd = guestWith({}, { initrd: '/boot/initrd' })
const withDisk = guestWith({ disks: ['/dev/vg0/swap,raw,xvda,w'] })
const info = toolstacks.xl.parseInfo(fixture('info.txt'))
const disk = { type: 'block' as const, wwn: '0x5000', fileSystem: 'devtmpfs', source: 'udev' }
const disks = (over: Fields = {}) => new Map([['/dev/vg0/swap', { ...disk, ...over }]])

const FINDINGS: [CheckName, Check['status'], string, Over][] = [
  ['state', 'fail', 'does not run on h1', { source: { states: known([]) } }],
  ['state', 'fail', 'is paused on h1', { source: { states: known([running(guest, { flags: '--p---' })]) } }],
  [
    'state',
    'fail',
    'is crashed on h1',
    { source: { states: known([running(guest, { state: 'crashed' })]) } },
  ],
  ['state', 'fail', 'not finished', { source: { states: known([running(guest, { flags: '---ss-' })]) } }],
  [
    'state',
    'fail',
    'not finished',
    { source: { states: known([running(guest, { name: 'menas--migratedaway' })]) } },
  ],
  [
    'state',
    'fail',
    'another guest has its name',
    { source: { states: known([running(guest, { uuid: 'other' })]) } },
  ],
  ['state', 'fail', 'being migrated already', { source: { leaving: ['-s ssh menas h2'] } }],
  ['state', 'fail', 'are one machine', { target: { bootId: 'boot-1' } }],
  ['claim', 'fail', 'nobody holds filer:', { facts: { claim: known(undefined) } }],
  [
    'claim',
    'fail',
    'second on h2 holds',
    { facts: { claim: known({ domain: 'second', host: 'h2', generation: 1 }) } },
  ],
  [
    'claim',
    'fail',
    'on h2, not on h1',
    { facts: { claim: known({ domain: 'menas', host: 'h2', generation: 1 }) } },
  ],
  [
    'suspend',
    'fail',
    'cannot be suspended',
    { facts: { kernel: known(kernelVerdict({ migrates: false })) } },
  ],
  ['suspend', 'unknown', 'nobody can tell', { facts: { kernel: known(kernelVerdict({ migrates: null })) } }],
  ['ssh', 'fail', 'is not known', { source: { way: undefined } }],
  [
    'ssh',
    'fail',
    'refused: Host key verification failed.',
    { source: { way: { ...WAY, exitCode: 255, said: ['Host key verification failed.'] } } },
  ],
  ['ssh', 'fail', 'does not answer', { source: { way: { ...WAY, exitCode: 124, said: [] } } }],
  [
    'ssh',
    'fail',
    'xl is not on the path',
    { source: { way: { ...WAY, exitCode: 127, said: ['boot-2', 'sh: 1: xl: not found'] } } },
  ],
  [
    'ssh',
    'fail',
    'reaches another machine than h2',
    { source: { way: { ...WAY, said: ['boot-9', '1800000000.5', 'Domain-0'] } } },
  ],
  [
    'ssh',
    'warn',
    'is greeted with "Welcome!"',
    { source: { way: { ...WAY, said: ['Welcome!', ...WAY.said] } } },
  ],
  ['clock', 'warn', '4.6 s ahead of', { source: { way: { ...WAY, said: ['boot-2', '1800000005.5'] } } }],
  ['clock', 'fail', '99.6 s behind', { source: { way: { ...WAY, said: ['boot-2', '1799999900.5'] } } }],
  ['clock', 'unknown', 'could not be asked', { source: { way: { ...WAY, exitCode: 255, said: [] } } }],
  ['xen', 'fail', 'an older Xen', { target: { info: known({ ...info, version: '4.16.5' }) } }],
  [
    'xen',
    'ok',
    'Xen 4.17.7 on h1, 4.17.1 on h2',
    { target: { info: known({ ...info, version: '4.17.1' }) } },
  ],
  ['xen', 'warn', 'more than one version apart', { target: { info: known({ ...info, version: '4.20.0' }) } }],
  [
    'xen',
    'fail',
    'runs no pvh guests',
    { target: { info: known({ ...info, xenCaps: ['xen-3.0-x86_64'] }) } },
  ],
  ['logdirty', 'fail', 'without shadow paging', { guest: guestWith({}, { type: 'pv' }) }],
  [
    'logdirty',
    'ok',
    'has shadow paging',
    {
      guest: guestWith({}, { type: 'pv' }),
      source: { info: known({ ...info, virtCaps: ['pv', 'shadow'] }) },
    },
  ],
  [
    'logdirty',
    'fail',
    'no hardware assisted paging',
    { source: { info: known({ ...info, virtCaps: ['pv'] }) } },
  ],
  ['logdirty', 'unknown', 'does not tell', { source: { info: known({ ...info, virtCaps: ['hvm'] }) } }],
  [
    'cpu',
    'fail',
    'lacks 1 CPU features that the guest may be using (word:bit 1:0)',
    { target: { cpu: known(new Map([['HVM Max', [0x178bfbff, 0x2000]]])) } },
  ],
  [
    'cpu',
    'ok',
    'has all features',
    { target: { cpu: known(new Map([['HVM Max', [0xffffffff, 0xffffffff]]])) } },
  ],
  [
    'memory',
    'fail',
    'needs 68 MiB, and h2 has 40 free',
    { target: { info: known({ ...info, freeMemoryMiB: 40 }) } },
  ],
  [
    'memory',
    'warn',
    'its dom0 gives the rest',
    { target: { info: known({ ...info, freeMemoryMiB: 40, commandLine: '' }) } },
  ],
  [
    'memory',
    'fail',
    'has 40 free',
    { target: { info: known({ ...info, freeMemoryMiB: 40, commandLine: '' }), autoballoon: 'off' } },
  ],
  ['memory', 'fail', 'needs 1035 MiB', { source: { states: known([running(guest, { memoryMiB: 1024 })]) } }],
  ['bridge', 'fail', 'h2 has no bridge xenbr0', { target: { bridges: ['br0'] } }],
  ['bridge', 'fail', 'vif-bridge', { target: { hasVifScript: false } }],
  ['names', 'fail', 'has its name', { target: { states: known([running(guest, { uuid: 'other' })]) } }],
  [
    'names',
    'fail',
    'menas--incoming (domain 3 on h2) has its uuid',
    { target: { states: known([running(guest, { name: 'menas--incoming' })]) } },
  ],
  [
    'names',
    'fail',
    'has its MAC',
    { target: { domains: known([onHost(guest, { name: 'x', uuid: 'other' })]) } },
  ],
  [
    'names',
    'fail',
    'has an interface menas0 already',
    {
      source: {
        domains: known([onHost(guest, { vifs: [{ mac: domain.mac, bridge: 'xenbr0', name: 'menas0' }] })]),
      },
      target: { interfaces: ['menas0'] },
    },
  ],
  [
    'config',
    'fail',
    'is there already and is not ours',
    { facts: { targetConfig: { kind: 'file', content: 'name = "menas"\n', mode: 0o644 } } },
  ],
  [
    'config',
    'ok',
    'is ours',
    { facts: { targetConfig: { kind: 'file', content: '# managed by domus: …\n', mode: 0o644 } } },
  ],
  ['kernel', 'ok', 'it is copied there', { target: { files: new Map() } }],
  ['kernel', 'fail', 'is another one', { target: { files: new Map([['/boot/vmlinuz-nfsroot', 'bbbb']]) } }],
  ['kernel', 'fail', 'h1 has no /boot/vmlinuz-nfsroot any more', { source: { files: new Map() } }],
  [
    'kernel',
    'warn',
    'was started with /boot/old',
    { source: { domains: known([onHost(guest, { kernel: '/boot/old' })]) } },
  ],
  ['initrd', 'ok', 'not needed', {}],
  [
    'initrd',
    'ok',
    'it is copied there',
    { guest: withInitrd, source: { files: new Map([['/boot/initrd', 'c']]) } },
  ],
  ['disks', 'fail', 'h2 has no /dev/vg0/swap', { guest: withDisk, source: { disks: disks() } }],
  [
    'disks',
    'fail',
    'is local to h1',
    { guest: withDisk, source: { disks: disks() }, target: { disks: disks({ wwn: '0x6' }) } },
  ],
  [
    'disks',
    'fail',
    'is local to h1',
    { guest: withDisk, source: { disks: disks({ wwn: '-' }) }, target: { disks: disks({ wwn: '-' }) } },
  ],
  [
    'disks',
    'ok',
    'both hosts have the same',
    { guest: withDisk, source: { disks: disks() }, target: { disks: disks() } },
  ],
  [
    'server',
    'fail',
    'does not answer for nfs',
    {
      facts: {
        server: known({
          nfs: false,
          rpcbind: true,
          mountd: true,
          lookup: { kind: 'unknown', reason: 'nobody tried' },
        }),
      },
    },
  ],
  ['output', 'fail', 'xl on h2 is told to speak sxp', { target: { outputFormat: 'sxp' } }],
]

describe('one thing is wrong', () => {
  test.each(FINDINGS)('%s: %s: %s', (check, status, words, over) => {
    expect(judged(check, over)).toMatchObject({ check, status, detail: expect.stringContaining(words) })
  })
})

test('all that fails and all that is unknown speaks against it; what is forced by name does not', () => {
  const checks = checkMove(
    move({ target: { bridges: [] }, facts: { kernel: unknown('no config'), claim: known(undefined) } }),
  )
  expect(judgeMove('menas', checks, []).refusals.map(({ path }) => path)).toEqual([
    'domains/menas/claim',
    'domains/menas/suspend',
    'domains/menas/bridge',
  ])
  const forced = judgeMove('menas', checks, ['claim', 'suspend', 'bridge'])
  expect(forced.refusals.map(({ path }) => path)).toEqual(['domains/menas/claim']) // never forced
  expect(forced.warnings.map(({ message }) => message)).toEqual([
    'forced: no config',
    'forced: h2 has no bridge xenbr0; fix: make it there',
  ])
})

test('what one look at a host printed', () => {
  const text = (tag: string, name: string) =>
    fixture(name)
      .split('\n')
      .map((line) => `${tag} ${line}`)
  const printed = [
    'B 5c3a',
    'T systemd',
    ...text('I', 'info.txt'),
    ...text('L', 'list-l.json'),
    ...text('V', 'list-v.txt'),
    'c xen-cpuid: not found',
    'O "sxp"  # as in the old days',
    'F xenbr0',
    'N xenbr0',
    'S there',
    'H d6d0  /boot/vmlinuz',
    'H -  /boot/initrd',
    'D block 0x5000 ext4 /dev/sda1 /dev/vg0/my swap',
    'P migrate -s ssh -o BatchMode=yes menas h2 ',
    'P receive 4711',
    'X boot-2',
    'X =0',
    'W 1.5 2.5',
  ].join('\n')
  expect(readLook(printed, toolstacks.xl)).toMatchObject({
    bootId: '5c3a',
    systemd: true,
    info: { kind: 'known', value: { version: '4.17.7' } },
    domains: { kind: 'known', value: [{ name: 'menas' }, { name: 'second' }] },
    states: { kind: 'known', value: [{ name: 'menas' }, { name: 'second' }] },
    dom0MiB: 509,
    cpu: { kind: 'unknown', reason: 'xen-cpuid: xen-cpuid: not found' },
    outputFormat: 'sxp',
    autoballoon: undefined,
    bridges: ['xenbr0'],
    hasVifScript: true,
    files: new Map([
      ['/boot/vmlinuz', 'd6d0'],
      ['/boot/initrd', undefined],
    ]),
    disks: new Map([
      ['/dev/vg0/my swap', { type: 'block', wwn: '0x5000', fileSystem: 'ext4', source: '/dev/sda1' }],
    ]),
    leaving: ['-s ssh -o BatchMode=yes menas h2 '],
    arriving: [4711],
    way: { exitCode: 0, said: ['boot-2'], before: 1.5, after: 2.5 },
  })
})

test('features are compared bit by bit, missing words are empty', () => {
  expect(missingFeatures([0b1010, 1], [0b0010])).toEqual(['0:3', '1:0'])
  expect(missingFeatures([0x8000_0000], [0x8000_0000])).toEqual([])
})

test('sets that are not of this machine do not count', () => {
  expect(() => parseCpuFeatures('Static sets:\nPV Max   ffffffff\nDynamic sets:\n')).toThrow(/no features/)
})
