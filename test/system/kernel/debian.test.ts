import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readKernel } from '../../../src/kernel/acquire.ts'
import { checkKernel } from '../../../src/kernel/check.ts'
import { parseConfig } from '../../../src/kernel/config.ts'
import { XEN_NOTE } from '../../../src/kernel/image-facts.ts'
import { unpackXz } from '../../../src/kernel/unpack/xz.ts'
import { loadKernelData } from '../../../src/kernel-data.ts'
import { localKernelFiles } from '../../../src/kernel-files.ts'
import { localUnpackers } from '../../../src/kernel-programs.ts'
import { type InitramfsSettings, makeDracut, makeInitramfsTools } from '../../tools/debian-initramfs.ts'
import {
  cached,
  type DebianKernel,
  debianKernel,
  kernelSource,
  newestPackage,
  run,
} from '../../tools/debian-kernels.ts'

// Kernels as Debian ships them, fetched once into the cache: nothing is installed.
const data = await loadKernelData()
const scratch = await mkdtemp(join(tmpdir(), 'domus-debian-'))
afterAll(() => rm(scratch, { recursive: true }))

const read = (path: string, initrd?: string) => readKernel({ path, initrd }, localKernelFiles, localUnpackers)

// The release itself has one series; a newer one comes from a repository that not every machine has.
const newer = await newestPackage(/^linux-image-6\.12\.\d+\+deb12-cloud-amd64-unsigned$/)
const kernels: Readonly<Record<string, string>> = {
  'the stock kernel': 'linux-image-amd64',
  'the cloud kernel': 'linux-image-cloud-amd64',
  ...(newer !== undefined && { 'the backported cloud kernel': newer }),
}

describe.each(Object.entries(kernels))('%s', (name, packageName) => {
  let kernel: DebianKernel

  beforeAll(async () => {
    kernel = await debianKernel(packageName)
  })

  test('is one for an initramfs, by the configuration beside it', async () => {
    const verdict = checkKernel(await read(kernel.image), { type: 'pvh', boot: 'dhcp' }, data)

    expect(verdict).toMatchObject({
      verdict: 'initramfs',
      version: kernel.release,
      arch: 'x86_64',
      source: 'config',
      configPath: kernel.config,
      boots: { pv: true, pvh: true },
      migrates: true,
    })
    expect(verdict.findings.map(({ symbol }) => symbol)).toEqual(
      expect.arrayContaining(['CONFIG_ROOT_NFS', 'CONFIG_IP_PNP', 'CONFIG_XEN_NETDEV_FRONTEND']),
    )
  })

  test('has the notes that readelf shows', async () => {
    const { image } = await read(kernel.image)
    const vmlinux = join(scratch, `${kernel.release}.elf`)
    await writeFile(vmlinux, await extract(kernel))
    const shown = (await run(['readelf', '-Wn', vmlinux]))
      .split('\n')
      .filter((line) => /^\s+Xen\s/.test(line))
    const types = shown.map((line) => NAMED[line.trim().split(/\s{2,}|\t/)[2] ?? ''] ?? numberIn(line))

    expect(types.length).toBeGreaterThan(5)
    expect([...(image?.contents?.notes ?? [])].toSorted()).toEqual([...new Set(types)].toSorted())
  })

  test('is the same by its notes and built-in texts as by its configuration', async () => {
    const alone = join(scratch, `alone-${kernel.release}`)
    await mkdir(alone)
    await copyFile(kernel.image, join(alone, 'bzImage'))
    const { image, config } = await read(join(alone, 'bzImage'))
    const { values } = parseConfig(await readFile(kernel.config, 'utf8'))
    const isY = (symbol: string) => values.get(symbol) === 'y'

    expect(config).toBeUndefined()
    expect(image?.release).toBe(kernel.release)
    expect(image?.contents?.notes.has(XEN_NOTE.guestOs)).toBe(isY('XEN'))
    expect(image?.contents?.notes.has(XEN_NOTE.entry)).toBe(isY('XEN_PV'))
    expect(image?.contents?.notes.has(XEN_NOTE.phys32Entry)).toBe(isY('PVH'))
    for (const symbol of ['XEN_PVH', 'ROOT_NFS', 'IP_PNP', 'XEN_NETDEV_FRONTEND']) {
      expect([symbol, image?.contents?.builtIn?.has(symbol)]).toEqual([symbol, isY(symbol)])
    }
  })

  test('refuses the configuration of another kernel', async () => {
    const other = join(scratch, `${name.replaceAll(' ', '-')}.config`)
    const text = await readFile(kernel.config, 'utf8')
    await writeFile(other, text.replace(/(Linux\/x86 )\d+\.\d+/, '$15.10'))

    await expect(
      readKernel({ path: kernel.image, config: other }, localKernelFiles, localUnpackers),
    ).rejects.toThrow('is not the configuration of')
  })
})

// readelf takes these two types of Xen's notes for those of others with the same number.
const NAMED: Readonly<Record<string, number>> = { 'NT_VERSION (version)': 1, 'GO BUILDID': 4 }
const numberIn = (line: string) => Number.parseInt(/type: \(0x([0-9a-f]+)\)/.exec(line)?.[1] ?? '', 16)

// With a script of the kernel itself, and the programs it calls.
async function extract({ image }: DebianKernel): Promise<Buffer> {
  const script = join(await kernelSource(), 'scripts/extract-vmlinux')
  const file = join(scratch, 'vmlinux')
  await run(['sh', '-c', '"$1" "$2" > "$3"', 'sh', script, image, file])
  return readFile(file)
}

test('the stock kernel comes out the same by our own xz as by the program', async () => {
  const image = await readFile((await debianKernel('linux-image-amd64')).image)
  const start = ((image[0x1f1] || 4) + 1) * 512 + image.readUInt32LE(0x248)
  const payload = image.subarray(start, start + image.readUInt32LE(0x24c) - 4)
  const parts: Uint8Array[] = []
  for await (const part of localUnpackers.xz?.(payload) ?? []) parts.push(part)

  expect(payload.subarray(1, 4).toString()).toBe('7zX')
  expect(Buffer.concat([...unpackXz(payload)]).equals(Buffer.concat(parts))).toBe(true)
})

const MAKING_MS = 900_000 // an initramfs of dracut takes 20 s on a quiet machine

describe('with initramfs files that the real programs make', () => {
  let kernel: DebianKernel

  beforeAll(async () => {
    kernel = await debianKernel('linux-image-cloud-amd64', { withModules: true })
  })

  const judge = async (initrd: string, request: Parameters<typeof checkKernel>[1] = {}) =>
    checkKernel(await read(kernel.image, initrd), request, data)

  test.each(['gzip', 'lz4', 'zstd', 'xz'])(
    'initramfs-tools for NFS, compressed with %s',
    async (compression) => {
      const initrd = await initramfsTools(kernel, 'netboot', compression)
      const verdict = await judge(initrd, { boot: 'dhcp' })

      expect(verdict).toMatchObject({
        verdict: 'initramfs',
        findings: [],
        initramfs: { generator: 'initramfs-tools', compression, versions: [kernel.release] },
      })
      expect((await judge(initrd, { nfs: '4.2' })).verdict).toBe('no')
    },
    MAKING_MS,
  )

  test('initramfs-tools with a list of modules that names none of ours', async () => {
    const { verdict, findings } = await judge(await initramfsTools(kernel, 'list', 'gzip'))

    expect(verdict).toBe('no')
    expect(findings.map(({ want }) => want)).toEqual(
      expect.arrayContaining(['xen-netfront.ko', 'nfs.ko', 'nfsv3.ko']),
    )
  })

  test(
    'dracut with its NFS module, for versions 3 and 4',
    async () => {
      const initrd = await dracut(kernel)

      expect(await judge(initrd, { boot: 'dhcp' })).toMatchObject({
        verdict: 'initramfs',
        initramfs: { generator: 'dracut' },
      })
      expect((await judge(initrd, { nfs: '4.2' })).verdict).toBe('initramfs')
      expect((await judge(initrd, { boot: 'bootp' })).verdict).toBe('no')
    },
    MAKING_MS,
  )
})

function initramfsTools(
  kernel: DebianKernel,
  modules: InitramfsSettings['modules'],
  compression: string,
): Promise<string> {
  return made(`initramfs-tools-${modules}-${compression}-${kernel.release}`, (file) =>
    makeInitramfsTools(kernel, { modules, compression }, file),
  )
}

const dracut = (kernel: DebianKernel): Promise<string> =>
  made(`dracut-${kernel.release}`, (file) => makeDracut(kernel, file))

async function made(name: string, make: (file: string) => Promise<void>): Promise<string> {
  return join(await cached(name, (folder) => make(join(folder, 'initrd'))), 'initrd')
}
