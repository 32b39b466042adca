import { readFileSync } from 'node:fs'
import { chmod, copyFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { bzImage, vmlinux } from '../builders/kernel-image.ts'
import { domus, scratchFolder } from './run-domus.ts'

const samples = 'kernel-configs/samples'
const sample = (name: string) =>
  readFileSync(join(import.meta.dirname, '../..', samples, `${name}.config`), 'utf8')

describe('kernel check', () => {
  test('a kernel that mounts its root itself is a yes, as JSON with all its fields', async () => {
    const { exitCode, stdout, stderr } = await domus([
      'kernel',
      'check',
      `${samples}/domu-6.1.config`,
      '--json',
    ])

    expect(exitCode).toBe(0)
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toEqual({
      path: `${samples}/domu-6.1.config`,
      version: '6.1.192',
      arch: 'x86_64',
      source: 'config',
      verdict: 'in-kernel',
      boots: { pv: true, pvh: true },
      migrates: true,
      findings: [],
      fragment: '',
    })
  })

  test('one that needs an initramfs is a yes as well, with what the kernel itself lacks', async () => {
    const { exitCode, stdout } = await domus([
      'kernel',
      'check',
      `${samples}/debian-cloud-6.1.config`,
      '--boot',
      'dhcp',
      '--json',
    ])
    const verdict = JSON.parse(stdout) as {
      verdict: string
      findings: { symbol: string }[]
      fragment: string
    }

    expect(exitCode).toBe(0)
    expect(verdict.verdict).toBe('initramfs')
    expect(verdict.findings.find(({ symbol }) => symbol === 'CONFIG_ROOT_NFS')).toEqual({
      symbol: 'CONFIG_ROOT_NFS',
      want: 'y',
      have: 'absent',
      severity: 'error',
      neededFor: ['in-kernel'],
      why: expect.stringContaining('nfsroot='),
      symptom: expect.stringContaining('unknown-block(0,255)'),
      menu: ['File systems', 'Network File Systems', 'Root file system on NFS'],
      blockedBy: ['CONFIG_NFS_FS'],
    })
    expect(verdict.fragment).toBe(
      [
        'CONFIG_IP_PNP=y',
        'CONFIG_IP_PNP_DHCP=y',
        'CONFIG_XEN_NETDEV_FRONTEND=y',
        'CONFIG_NFS_FS=y',
        'CONFIG_ROOT_NFS=y',
        'CONFIG_NFS_V3=y',
        'CONFIG_DEVTMPFS_MOUNT=y',
        '',
      ].join('\n'),
    )
  })

  test('one that passes the naive list but is none for Xen is a no', async () => {
    const { exitCode, stdout } = await domus(['kernel', 'check', `${samples}/x86_64_defconfig-6.1.config`])

    expect(exitCode).toBe(3)
    expect(stdout).toMatch(/^kernel-configs.*: no: /)
    expect(stdout).toContain('error CONFIG_XEN is n, wanted y (in-kernel, initramfs)')
    expect(stdout).toContain('blocked:  CONFIG_XEN_PV ← CONFIG_XEN')
  })

  test('a fragment on standard input is undetermined, with the reason', async () => {
    const { exitCode, stdout } = await domus(['kernel', 'check', '-', '--json'], {
      input: 'CONFIG_XEN=y\nCONFIG_ROOT_NFS=y\n',
    })

    expect(exitCode).toBe(3)
    expect(JSON.parse(stdout)).toMatchObject({
      path: '-',
      verdict: 'undetermined',
      boots: { pv: null, pvh: null },
    })
  })

  test('an image is read by its own configuration', async () => {
    const path = join(scratchFolder(), 'bzImage')
    await writeFile(path, bzImage(gzipSync(vmlinux({ config: sample('domu-6.1') }))))
    const { exitCode, stdout } = await domus([
      'kernel',
      'check',
      path,
      '--type',
      'pvh',
      '--nfs',
      '4.2',
      '--json',
    ])

    expect(exitCode).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ verdict: 'in-kernel', source: 'ikconfig', version: '6.1.192' })
  })

  test.each([
    ['a file that is not there', ['/no/such/file']],
    ['a file that is no kernel', ['package.json']],
    ['an unknown type', [`${samples}/domu-6.1.config`, '--type', 'hvm']],
    ['no file', []],
  ])('%s is a mistake of the input', async (_name, words) => {
    const { exitCode, stdout } = await domus(['kernel', 'check', ...words, '--json'])

    expect(exitCode).toBe(2)
    expect(JSON.parse(stdout)).toMatchObject({ code: 'invalid-input', status: 400 })
  })
})

describe('kernel check --host', () => {
  // The real program speaks to dom0s; here ssh is one that stays on this machine.
  const onFakeDom0 = async (words: readonly string[]) => {
    const programs = scratchFolder()
    await copyFile(join(import.meta.dirname, '../fakes/fake-ssh.sh'), join(programs, 'ssh'))
    await chmod(join(programs, 'ssh'), 0o755)
    const env = { PATH: `${programs}:${process.env.PATH}` }
    return domus(['kernel', 'check', ...words, '--host', 'ssh://root@dom0a', '--json'], { env })
  }

  test('reads a kernel where it lies, and says which configuration was used', async () => {
    const boot = scratchFolder()
    await writeFile(join(boot, 'vmlinuz-own'), bzImage(gzipSync(vmlinux())))
    await writeFile(join(boot, 'config-own'), sample('domu-6.1'))
    const { exitCode, stdout } = await onFakeDom0([join(boot, 'vmlinuz-own')])

    expect(exitCode).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      path: join(boot, 'vmlinuz-own'),
      verdict: 'in-kernel',
      source: 'config',
      configPath: join(boot, 'config-own'),
    })
  })

  test.each([
    ['a path that is not absolute', 'vmlinuz'],
    ['standard input', '-'],
    ['a file that is not there', '/no/such/kernel'],
    ['a folder', '/'],
  ])('%s is a mistake of the input', async (_name, path) => {
    const { exitCode, stdout } = await onFakeDom0([path])

    expect(exitCode).toBe(2)
    expect(JSON.parse(stdout)).toMatchObject({ code: 'invalid-input' })
  })

  test('a host that nobody recorded is named, with the other way to say it', async () => {
    const { exitCode, stdout } = await domus(['kernel', 'check', '/k', '--host', 'dom0a', '--json'])

    expect(exitCode).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({
      code: 'not-found',
      detail: expect.stringContaining('ssh://dom0a'),
    })
  })
})

test('kernel fragment prints what such a guest needs, and nothing else', async () => {
  const { exitCode, stdout } = await domus([
    'kernel',
    'fragment',
    '--type',
    'pv',
    '--boot',
    'dhcp',
    '--nfs',
    '4.1',
    '--migration',
  ])
  const set = stdout.split('\n').filter((line) => /^(?:CONFIG_|# CONFIG_\w+ is not set)/.test(line))

  expect(exitCode).toBe(0)
  expect(set).toEqual(
    expect.arrayContaining([
      'CONFIG_ROOT_NFS=y',
      'CONFIG_IP_PNP_DHCP=y',
      'CONFIG_XEN_PV=y',
      'CONFIG_NFS_V4_1=y',
      'CONFIG_SUSPEND=y',
      '# CONFIG_NFS_V2 is not set',
    ]),
  )
  expect(set).not.toContain('CONFIG_XEN_PVH=y')
  expect(
    stdout.split('\n').every((line) => line === '' || line.startsWith('#') || line.startsWith('CONFIG_')),
  ).toBe(true)
})
