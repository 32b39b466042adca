import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readKernel } from '../../../src/kernel/acquire.ts'
import { checkKernel } from '../../../src/kernel/check.ts'
import { rootDialect } from '../../../src/kernel/dialect.ts'
import type { KernelRequest } from '../../../src/kernel/request.ts'
import { loadKernelData } from '../../../src/kernel-data.ts'
import { cpio } from '../../builders/initramfs.ts'
import { bzImage, vmlinux } from '../../builders/kernel-image.ts'

const root = join(import.meta.dirname, '../../..')
const sample = (name: string) => readFileSync(join(root, `kernel-configs/samples/${name}.config`), 'utf8')
const DOMU = sample('domu-6.1')
const CLOUD = sample('debian-cloud-6.1')
const data = await loadKernelData()

type Files = Readonly<Record<string, string | Buffer>>
const from = (files: Files) => {
  const asked: string[] = []
  const read = (path: string) => {
    asked.push(path)
    const content = files[path]
    return Promise.resolve(content === undefined ? undefined : Buffer.from(content))
  }
  return { read, asked }
}
const check = async (
  files: Files,
  paths: { path: string; initrd?: string; config?: string },
  request: KernelRequest = {},
) => checkKernel(await readKernel(paths, from(files)), request, data)

const image = (parts: Parameters<typeof vmlinux>[0] = {}, banner?: string) =>
  bzImage(gzipSync(vmlinux(parts)), banner === undefined ? {} : { banner })
const CLOUD_BANNER =
  '6.1.0-56-cloud-amd64 (debian-kernel@lists.debian.org) #1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-11-16)'
const cloudImage = image({ banner: CLOUD_BANNER }, CLOUD_BANNER)

describe('where the configuration comes from', () => {
  test.each([
    ['a .config', DOMU, 'config'],
    ['a config.gz', gzipSync(DOMU), 'config.gz'],
    ['a config compressed with zstd', zstdCompressSync(DOMU), 'config.gz'],
    ['a bzImage with its own', image({ config: DOMU }), 'ikconfig'],
    ['a vmlinux with its own', vmlinux({ config: DOMU }), 'ikconfig'],
    ['a compressed vmlinux with its own', gzipSync(vmlinux({ config: DOMU })), 'ikconfig'],
  ])('%s', async (_name, content, source) => {
    const verdict = await check({ k: content }, { path: 'k' })

    expect(verdict).toMatchObject({ verdict: 'in-kernel', source, version: '6.1.192', arch: 'x86_64' })
    expect(verdict).not.toHaveProperty('configPath')
  })

  test.each([
    ['/boot/config-6.1.0-56-cloud-amd64'],
    ['/usr/lib/modules/6.1.0-56-cloud-amd64/config'],
    ['/srv/config-6.1.0-56-cloud-amd64'],
    ['/srv/config'],
  ])('of an image without one: %s, and it is said', async (place) => {
    const verdict = await check({ '/srv/vmlinuz': cloudImage, [place]: CLOUD }, { path: '/srv/vmlinuz' })

    expect(verdict).toMatchObject({
      verdict: 'initramfs',
      source: 'config',
      configPath: place,
      version: '6.1.0-56-cloud-amd64',
    })
  })

  test('beside an image of the same name before all others', async () => {
    const files = from({ '/boot/vmlinuz-menas': cloudImage, '/boot/config-menas': CLOUD })
    await readKernel({ path: '/boot/vmlinuz-menas' }, files)

    expect(files.asked).toEqual(['/boot/vmlinuz-menas', '/boot/config-menas'])
  })

  test('from the file that is named, and nowhere else', async () => {
    const files = { '/k': cloudImage, '/my.config': CLOUD, '/boot/config-6.1.0-56-cloud-amd64': 'rubbish' }

    expect(await check(files, { path: '/k', config: '/my.config' })).toMatchObject({
      configPath: '/my.config',
    })
    await expect(check(files, { path: '/k', config: '/no.config' })).rejects.toThrow(
      'there is no file /no.config',
    )
  })

  test('nowhere: undetermined, with the places that were searched and what the notes tell', async () => {
    const verdict = await check({ '/boot/vmlinuz-x': cloudImage }, { path: '/boot/vmlinuz-x' })

    expect(verdict).toMatchObject({
      verdict: 'undetermined',
      source: 'image',
      boots: { pv: true, pvh: false },
    })
    expect(verdict.reason).toMatch('none was found at /boot/config-x, /boot/config-6.1.0-56-cloud-amd64')
  })

  test('a kernel that is none for Xen is refused by its notes alone', async () => {
    const verdict = await check({ k: image({ notes: [] }) }, { path: 'k' })

    expect(verdict).toMatchObject({ verdict: 'no', boots: { pv: false, pvh: false }, migrates: false })
    expect(verdict.findings[0]).toMatchObject({ symbol: 'CONFIG_XEN', have: 'n' })
  })
})

describe('files that do not belong together', () => {
  test('a configuration of another version is an error that names both', async () => {
    const files = { '/k': image({}, '6.1.190 (x)'), '/config': DOMU }

    await expect(check(files, { path: '/k' })).rejects.toThrow(
      '/config is not the configuration of /k: it is of Linux 6.1.192, the image of 6.1.190 (x)',
    )
  })

  test("a distribution's image is matched by the version its banner names", async () => {
    const files = { '/k': image({}, CLOUD_BANNER.replace('6.1.192', '6.1.190')), '/config': CLOUD }

    await expect(check(files, { path: '/k' })).rejects.toThrow('it is of Linux 6.1.192')
  })

  test('a configuration with Xen PV for an image without its note is an error', async () => {
    const files = { '/k': image({ notes: [6, 18] }), '/config': DOMU }

    await expect(check(files, { path: '/k' })).rejects.toThrow(
      'it has CONFIG_XEN_PV, and the image lacks the ELF note of it',
    )
  })

  test('a configuration with PVH for an image without its note is an error', async () => {
    const files = { '/k': image({ notes: [6, 1] }), '/config': DOMU }

    await expect(check(files, { path: '/k' })).rejects.toThrow('it has CONFIG_PVH, and the image lacks')
  })

  test('an initramfs for another kernel closes the way, and both releases are named', async () => {
    const other = cpio([
      'init',
      'scripts/functions',
      'scripts/nfs',
      'bin/nfsmount',
      'bin/ipconfig',
      'lib/modules/6.1.0-50-cloud-amd64/kernel/nfs.ko',
    ])
    const files = { '/k': cloudImage, '/config': CLOUD, '/i': gzipSync(other) }
    const verdict = await check(files, { path: '/k', initrd: '/i' })

    expect(verdict.verdict).toBe('no')
    expect(verdict.findings).toMatchObject([
      {
        symbol: 'initramfs',
        want: 'modules for 6.1.0-56-cloud-amd64',
        have: 'modules for 6.1.0-50-cloud-amd64',
      },
    ])
  })
})

describe('what cannot be judged', () => {
  test.each([
    ['a savedefconfig', 'CONFIG_XEN=y\nCONFIG_ROOT_NFS=y\n', /no "# Linux/],
    ['a file that is cut off', DOMU.slice(0, 40_000), /its end is missing/],
    [
      'a kernel of another machine',
      DOMU.replace('Linux/x86', 'Linux/arm64').replace('CONFIG_X86_64=y\n', ''),
      /for arm64/,
    ],
    ['a kernel of 32 bits', CLOUD.replace('CONFIG_X86_64=y\n', ''), /for i386/],
    ['an image that is cut off', image({ config: DOMU }).subarray(0, 3000), /cut off/],
  ])('%s', async (_name, content, reason) => {
    const verdict = await check({ k: content }, { path: 'k' })

    expect(verdict).toMatchObject({
      verdict: 'undetermined',
      boots: { pv: null, pvh: null },
      migrates: null,
      findings: [],
      fragment: '',
    })
    expect(verdict.reason).toMatch(reason)
  })

  test.each([
    ['prose', 'Set CONFIG_XEN=y in the menu.\n'],
    ['nothing', ''],
    ['zeros', Buffer.alloc(5000)],
    ['compressed prose', gzipSync('hello')],
    ['damaged gzip', gzipSync(DOMU).fill(1, 100, 200)],
  ])('%s is an error of the input', async (_name, content) => {
    await expect(check({ k: content }, { path: 'k' })).rejects.toMatchObject({ code: 'invalid-input' })
  })

  test('so is a file that is not there', async () => {
    await expect(check({}, { path: '/nowhere' })).rejects.toThrow('there is no file /nowhere')
  })
})

// Lists of files from real images of these programs (Debian 12), except mkinitcpio, which Debian does not have.
const listOf = (name: string) =>
  readFileSync(join(root, `test/fixtures/kernel/initramfs/${name}.txt`), 'utf8')
    .trim()
    .split('\n')
const OTHER_RELEASE = 'modules for 6.1.0-55-cloud-amd64'
const withInitrd = (names: readonly string[], request: KernelRequest, pack = gzipSync) =>
  check(
    { '/k': cloudImage, '/config': CLOUD, '/i': pack(cpio(names)) },
    { path: '/k', initrd: '/i' },
    request,
  )

describe('an initramfs is judged by what is in it', () => {
  test.each([
    ['initramfs-tools-netboot', 'initramfs-tools', 'klibc'],
    ['dracut-nfs', 'dracut', 'dracut'],
    ['mkinitcpio-net', 'mkinitcpio', 'mkinitcpio'],
  ])('%s mounts the root', async (name, generator, dialect) => {
    const verdict = await withInitrd(listOf(name), { boot: 'dhcp' })

    expect(verdict).toMatchObject({
      verdict: 'initramfs',
      findings: [],
      initramfs: { path: '/i', generator, compression: 'gzip', versions: ['6.1.0-56-cloud-amd64'] },
    })
    expect(rootDialect(verdict)).toBe(dialect)
  })

  test('initramfs-tools with MODULES=list lacks every module', async () => {
    const { verdict, findings } = await withInitrd(listOf('initramfs-tools-list'), {})

    expect(verdict).toBe('no')
    expect(findings.map(({ want }) => want)).toEqual([
      'xen-netfront.ko',
      'nfs.ko',
      'sunrpc.ko',
      'lockd.ko',
      'grace.ko',
      'fscache.ko',
      'nfsv3.ko',
    ])
  })

  test('dracut without its nfs module names how to add it', async () => {
    const { verdict, findings } = await withInitrd(listOf('dracut-without-nfs'), {})

    expect(verdict).toBe('no')
    expect(findings[0]).toMatchObject({ want: 'parse-nfsroot.sh', have: 'absent' })
    expect(findings[0]?.why).toMatch('dracut --add nfs')
  })

  test.each([
    ['initramfs-tools-netboot', { nfs: '4.2' }, "klibc's nfsmount"],
    ['mkinitcpio-net', { nfs: '4.1' }, 'nfsmount, which speaks NFS 2 and 3 only'],
    ['dracut-nfs', { boot: 'bootp' }, 'ip=bootp'],
  ] as const)('%s refuses %o', async (name, request, why) => {
    const { verdict, findings } = await withInitrd(listOf(name), request)

    expect(verdict).toBe('no')
    expect(findings.map((finding) => finding.why).join()).toMatch(why)
  })

  test('dracut mounts NFS 4.2', async () => {
    expect((await withInitrd(listOf('dracut-nfs'), { nfs: '4.2' })).verdict).toBe('initramfs')
  })

  test('each module is missed when it alone is not there', async () => {
    for (const module of ['xen-netfront', 'nfs', 'sunrpc', 'lockd', 'grace', 'fscache', 'nfsv3']) {
      const names = listOf('initramfs-tools-netboot').filter((name) => !name.endsWith(`/${module}.ko`))
      const { findings } = await withInitrd(names, {})
      expect(findings.map(({ want }) => want)).toEqual([`${module}.ko`])
    }
  })

  test('a compression the kernel cannot unpack closes the way', async () => {
    const without = CLOUD.replace('CONFIG_RD_ZSTD=y', '# CONFIG_RD_ZSTD is not set')
    const files = { '/k': cloudImage, '/config': without, '/i': zstdCompressSync(cpio(listOf('dracut-nfs'))) }
    const { verdict, findings, fragment } = await check(files, { path: '/k', initrd: '/i' })

    expect(verdict).toBe('no')
    expect(findings).toMatchObject([{ symbol: 'CONFIG_RD_ZSTD', neededFor: ['initramfs'] }])
    expect(fragment).toBe('CONFIG_RD_ZSTD=y\n')
  })

  test('one without /init is passed over by the kernel, which mounts the root itself', async () => {
    const files = { '/k': image({ config: DOMU }), '/i': cpio(['kernel/x86/microcode/GenuineIntel.bin']) }

    const verdict = await check(files, { path: '/k', initrd: '/i' })
    expect(verdict.verdict).toBe('in-kernel')
    expect(rootDialect(verdict)).toBe('kernel')
  })

  test('one that takes over from a kernel that could do it alone is judged all the same', async () => {
    const files = { '/k': image({ config: DOMU }), '/i': cpio(listOf('dracut-without-nfs')) }

    expect((await check(files, { path: '/k', initrd: '/i' })).verdict).toBe('no')
  })

  test('one with modules of another release is an error where a module is needed, else a warning', async () => {
    const names = listOf('initramfs-tools-netboot').map((name) => name.replace('6.1.0-56-', '6.1.0-55-'))
    const needed = await withInitrd(names, {})
    const files = { '/k': image({ config: DOMU }), '/i': gzipSync(cpio(names)) }
    const builtIn = await check(files, { path: '/k', initrd: '/i' })

    expect(needed).toMatchObject({ verdict: 'no', findings: [{ severity: 'error', have: OTHER_RELEASE }] })
    expect(builtIn.findings).toContainEqual(
      expect.objectContaining({ symbol: 'initramfs', severity: 'warn', have: OTHER_RELEASE }),
    )
  })

  test('one made by something unknown leaves it open', async () => {
    const verdict = await withInitrd(['init', 'sbin/nlplug-findfs'], {})

    expect(verdict).toMatchObject({ verdict: 'undetermined', initramfs: { generator: 'unknown' } })
    expect(verdict.reason).toMatch('none of initramfs-tools, dracut, mkinitcpio')
    expect(rootDialect(verdict)).toBeUndefined()
  })

  test('with a configuration alone, modules of the same series will do', async () => {
    const files = { '/c': CLOUD, '/i': gzipSync(cpio(listOf('initramfs-tools-netboot'))) }

    expect((await check(files, { path: '/c', initrd: '/i' })).verdict).toBe('initramfs')
  })
})

test('without an initramfs nobody but the kernel reads the root parameters', async () => {
  expect(rootDialect(await check({ k: CLOUD }, { path: 'k' }))).toBeUndefined()
})

test('whatever the bytes, there is a verdict or a mistake of the input', async () => {
  const originals = [
    Buffer.from(DOMU),
    gzipSync(DOMU),
    image({ config: DOMU }),
    vmlinux({ config: DOMU }),
    Buffer.alloc(0),
  ]
  const initrds = [cpio(listOf('mkinitcpio-net')), gzipSync(cpio(['init'])), Buffer.alloc(0)]
  const damage = fc.array(fc.tuple(fc.nat(60_000), fc.nat(255)), { maxLength: 10 })
  const damaged = (from: readonly Buffer[]) =>
    fc
      .tuple(fc.constantFrom(...from), damage, fc.nat(120_000), fc.uint8Array({ maxLength: 50 }))
      .map(([original, changes, length, tail]) => {
        const bytes = Buffer.concat([original.subarray(0, length), tail])
        for (const [at, value] of changes) if (bytes.length > 0) bytes[at % bytes.length] = value
        return bytes
      })
  await fc.assert(
    fc.asyncProperty(damaged(originals), damaged(initrds), async (k, i) => {
      const outcome = await check({ k, i }, { path: 'k', initrd: 'i' }).then(
        ({ verdict }) => verdict,
        (error: { code?: string }) => error.code,
      )
      expect(['in-kernel', 'initramfs', 'no', 'undetermined', 'invalid-input']).toContain(outcome)
    }),
    { numRuns: Number(process.env.DOMUS_TEST_RUNS ?? 60) },
  )
})
