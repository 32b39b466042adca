import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkKernel } from '../../../src/kernel/check.ts'
import { type KernelConfig, parseConfig } from '../../../src/kernel/config.ts'
import type { KernelRequest } from '../../../src/kernel/request.ts'
import { loadKernelData } from '../../../src/kernel-data.ts'
import { cached, debianKernel, kernelSource, run } from '../../tools/debian-kernels.ts'
import { dependencyTable, wantedSymbols } from '../../tools/kconfig-deps.ts'

// The real kconfig of linux-source decides: configuration only, nothing is compiled but kconfig itself.
const configs = join(import.meta.dirname, '../../../kernel-configs')
const data = await loadKernelData()
let source: string
const scratch = await mkdtemp(join(tmpdir(), 'domus-kconfig-'))
let fragments: readonly string[]

beforeAll(async () => {
  source = await kernelSource()
  const names = (await readdir(join(configs, 'fragments'))).filter((name) => name.endsWith('.config'))
  fragments = names.sort().map((name) => join(configs, 'fragments', name))
})

afterAll(() => rm(scratch, { recursive: true }))

const BASES = {
  allnoconfig: (folder: string) => make(folder, 'allnoconfig'),
  tinyconfig: (folder: string) => make(folder, 'tinyconfig'),
  x86_64_defconfig: (folder: string) => make(folder, 'x86_64_defconfig'),
  'debian cloud': async (folder: string) => {
    await mkdir(folder, { recursive: true })
    await copyFile((await debianKernel('linux-image-cloud-amd64')).config, join(folder, '.config'))
    await make(folder, 'olddefconfig')
  },
}

describe.each(Object.entries(BASES))('on %s', (name, prepare) => {
  let folder: string
  let base: KernelConfig
  let merged: KernelConfig

  beforeAll(async () => {
    folder = join(scratch, name.replaceAll(' ', '-'))
    await prepare(folder)
    base = parseConfig(await readFile(join(folder, '.config'), 'utf8'))
    await copyFile(join(folder, '.config'), join(folder, 'base.config'))
    merged = await merge(folder, join(folder, 'base.config'), fragments)
  })

  test('every line of all fragments survives', async () => {
    const requested = parseConfig(
      (await Promise.all(fragments.map((file) => readFile(file, 'utf8')))).join('\n'),
    )

    expect(requested.values.size).toBeGreaterThan(60)
    const dropped = [...requested.values].filter(
      ([symbol, value]) => (merged.values.get(symbol) ?? 'n') !== value,
    )
    expect(dropped).toEqual([])
  })

  test('the result boots every way that is asked', () => {
    for (const type of ['pv', 'pvh'] as const) {
      for (const boot of ['static', 'dhcp', 'bootp'] as const) {
        const verdict = judge(merged, { type, boot, nfs: '4.2', userland: 'systemd' })
        expect(verdict).toMatchObject({
          verdict: 'in-kernel',
          migrates: true,
          boots: { pv: true, pvh: true },
        })
        expect(verdict.findings.filter(({ severity }) => severity !== 'info')).toEqual([])
      }
    }
  })

  test('the smallest fix that is offered repairs it', async () => {
    const request: KernelRequest = { type: 'pvh', boot: 'dhcp', nfs: '4.1' }
    const before = judge(base, request)
    const fix = join(folder, 'fix.config')
    await writeFile(fix, before.fragment)
    const after = judge(await merge(folder, join(folder, 'base.config'), [fix]), request)

    expect(before.verdict).not.toBe('in-kernel')
    expect(after).toMatchObject({ verdict: 'in-kernel', fragment: '' })
  })
})

test('a kernel of 32 bits is not judged, and says so', async () => {
  const folder = join(scratch, 'tiny32')
  await make(folder, 'tinyconfig', 'i386')
  const config = parseConfig(await readFile(join(folder, '.config'), 'utf8'))

  expect(config.incomplete).toBeUndefined()
  expect(judge(config, {})).toMatchObject({ verdict: 'undetermined', arch: 'i386' })
})

describe('with the configuration of all fragments', () => {
  let folder: string
  let base: string
  let whole: KernelConfig

  beforeAll(async () => {
    folder = join(scratch, 'whole')
    base = join(folder, 'base.config')
    await make(folder, 'allnoconfig')
    whole = await merge(folder, join(folder, '.config'), fragments)
    await copyFile(join(folder, '.config'), base)
  })

  test('the sample that passes says the same', async () => {
    const sample = parseConfig(await readFile(join(configs, 'samples/domu-6.1.config'), 'utf8'))
    const ours = ({ values }: KernelConfig) => data.rules.map(({ symbol }) => [symbol, values.get(symbol)])

    expect(ours(sample)).toEqual(ours(whole))
  })

  test('a savedefconfig of it is undetermined', async () => {
    await make(folder, 'savedefconfig')
    const saved = parseConfig(await readFile(join(folder, 'defconfig'), 'utf8'))

    expect(judge(saved, {})).toMatchObject({ verdict: 'undetermined' })
  })

  test.each([
    ['CONFIG_XEN_NETDEV_FRONTEND=m', 'CONFIG_XEN_NETDEV_FRONTEND'],
    ['CONFIG_NFS_V3=m', 'CONFIG_NFS_V3'],
    ['CONFIG_NFS_FS=m', 'CONFIG_ROOT_NFS'],
    ['# CONFIG_IP_PNP is not set', 'CONFIG_ROOT_NFS'],
    ['# CONFIG_ACPI is not set', 'CONFIG_XEN_PVH'],
    ['# CONFIG_IP_PNP_DHCP is not set', 'CONFIG_IP_PNP_DHCP'],
    ['# CONFIG_INET is not set', 'CONFIG_ROOT_NFS'],
  ])('%s, which kconfig accepts in silence, is found and blamed', async (line, expected) => {
    const flip = join(folder, 'flip.config')
    await writeFile(flip, `CONFIG_MODULES=y\n${line}\n`)
    const { verdict, findings } = judge(await merge(folder, base, [flip]), { type: 'pvh', boot: 'dhcp' })

    expect(verdict).toBe('no')
    const found = findings.find(({ symbol }) => symbol === expected)
    expect(found).toMatchObject({ severity: 'error' })
    // The symbol that was changed is the finding itself, or the end of its chain of blame.
    const changed = /CONFIG_\w+/.exec(line)?.[0]
    expect([expected, ...(found?.blockedBy ?? [])].at(-1)).toBe(changed)
  })
})

test('the dependency table of this series is what its Kconfig files say', async () => {
  const names = (await readdir(join(configs, 'fragments'))).filter((name) => name.endsWith('.config'))
  const texts = await Promise.all(names.map((name) => readFile(join(configs, 'fragments', name), 'utf8')))
  const fresh = dependencyTable(source, await wantedSymbols(texts))

  expect(data.dependencies.find(({ series }) => series === '6.1')?.symbols).toEqual(fresh.symbols)
})

function judge(config: KernelConfig, request: KernelRequest) {
  return checkKernel({ path: '.config', source: 'config', config }, request, data)
}

// kconfig's own programs are built once, into the cache; each configuration gets a folder of its own.
async function make(folder: string, target: string, arch = 'x86_64') {
  await mkdir(folder, { recursive: true })
  const built = await cached(`kconfig-${source.split('/').at(-2)}`, (empty) =>
    run(['make', '-s', '-C', source, `O=${empty}`, 'ARCH=x86_64', 'allnoconfig']),
  )
  await run(['cp', '-rn', join(built, 'scripts'), folder])
  await run(['make', '-s', '-C', source, `O=${folder}`, `ARCH=${arch}`, target])
}

async function merge(folder: string, base: string, files: readonly string[]): Promise<KernelConfig> {
  const script = join(source, 'scripts/kconfig/merge_config.sh')
  await run([script, '-m', '-O', folder, base, ...files], { cwd: folder })
  await make(folder, 'olddefconfig')
  return parseConfig(await readFile(join(folder, '.config'), 'utf8'))
}
