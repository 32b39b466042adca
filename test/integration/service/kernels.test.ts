import { readFileSync } from 'node:fs'
import { mkdtemp, rm, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Machine } from '../../../src/machine/machine.ts'
import { openMachines } from '../../../src/machine/machines.ts'
import { planChange } from '../../../src/service/change.ts'
import { judgeOn, verdictFor } from '../../../src/service/kernels.ts'
import { recordChanges } from '../../../src/store/record.ts'
import { openTestApp } from '../../builders/app.ts'
import { cpio } from '../../builders/initramfs.ts'
import { bzImage, vmlinux } from '../../builders/kernel-image.ts'
import { domainDocument, guestFrom, kernelDocument, siteDocument } from '../../builders/site.ts'

const configs = join(import.meta.dirname, '../../../kernel-configs/samples')
const CONFIG = readFileSync(join(configs, 'domu-6.1.config'), 'utf8')
const listOf = (name: string) =>
  readFileSync(join(import.meta.dirname, `../../fixtures/kernel/initramfs/${name}.txt`), 'utf8')
    .trim()
    .split('\n')

let folder: string
let host: Awaited<ReturnType<typeof openTestApp>>
let machine: Machine
let reads: string[]

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'domus-kernels-'))
  host = await openTestApp()
  const local = openMachines().machines('local')
  reads = []
  machine = {
    ...local,
    readBytes: (path) => {
      reads.push(path)
      return local.readBytes(path)
    },
  }
})
afterEach(async () => {
  await host.app.close()
  await rm(folder, { recursive: true })
})

const at = (name: string) => join(folder, name)
const put = (name: string, content: string | Uint8Array) => writeFile(at(name), content)
const judge = (more: object = {}) => judgeOn(host.app, machine, { path: at('vmlinuz-6.1'), ...more }, {})

describe('a kernel that was judged before', () => {
  test('is not read again, and neither is the configuration beside it', async () => {
    await put('vmlinuz-6.1', bzImage(gzipSync(vmlinux())))
    await put('config-6.1', CONFIG)
    const first = await judge()
    reads = []

    expect(first).toMatchObject({ verdict: 'in-kernel', configPath: at('config-6.1') })
    expect(await judge()).toEqual(first)
    expect(reads).toEqual([])
  })

  test('is judged anew when only the configuration beside it is another', async () => {
    await put('vmlinuz-6.1', bzImage(gzipSync(vmlinux())))
    await put('config-6.1', CONFIG)
    await judge()
    await put('config-6.1', CONFIG.replace('CONFIG_ROOT_NFS=y', '# CONFIG_ROOT_NFS is not set'))

    expect((await judge()).findings.map(({ symbol }) => symbol)).toContain('CONFIG_ROOT_NFS')
  })

  test('and had no configuration is judged anew when it has one', async () => {
    await put('vmlinuz-6.1', bzImage(gzipSync(vmlinux())))
    expect(await judge()).toMatchObject({ source: 'image' })
    await put('config-6.1', CONFIG)

    expect((await judge()).verdict).toBe('in-kernel')
  })

  test('and whose initrd is gone is a mistake, not an old answer', async () => {
    await put('vmlinuz-6.1', bzImage(gzipSync(vmlinux({ config: CONFIG }))))
    await put('initrd', gzipSync(cpio(listOf('initramfs-tools-netboot'))))
    await judge({ initrd: at('initrd') })
    await unlink(at('initrd'))

    await expect(judge({ initrd: at('initrd') })).rejects.toThrow(`there is no file ${at('initrd')}`)
  })
})

test('what is no file of bytes is refused without being read', async () => {
  await expect(judgeOn(host.app, machine, { path: folder }, {})).rejects.toThrow('is not a regular file')
  expect(reads).toEqual([])
})

describe('a guest whose initrd was made by another program than its kernel declares', () => {
  beforeEach(() => {
    const bytes = new Map([
      ['/boot/vmlinuz-nfsroot', bzImage(gzipSync(vmlinux({ config: CONFIG })))],
      ['/boot/initrd.img', gzipSync(cpio(listOf('dracut-nfs')))],
    ])
    host.machine.readBytes = (path) => Promise.resolve(bytes.get(path))
    host.machine.programs.set('stat', () => ({}))
    host.machine.programs.set('sha256sum', () => ({ exitCode: 1 }))
  })

  const planned = (domain: Record<string, unknown>, kernel: object) =>
    planChange(host.app, {
      kind: 'apply',
      document: siteDocument({
        kernels: [kernelDocument({ initrd: '/boot/initrd.img', ...kernel })],
        domains: [domainDocument(domain)],
      }),
    })

  test('gets the command line of the one that is there, and the administrator is told', async () => {
    const { plan } = await planned({}, { initramfs: 'klibc' })
    const config = plan.steps.find((step) => step.kind === 'write' && step.path.endsWith('/menas.cfg'))

    expect(config).toMatchObject({ content: expect.stringContaining('root=nfs:38.99.2.7:') })
    expect(plan.warnings).toContainEqual({
      path: 'kernels/nfsroot/initramfs',
      message: expect.stringMatching(/was made by dracut, so the command line is written for that/),
    })
  })

  test('is refused what that one cannot do', async () => {
    const { refusals } = await planned({ boot: 'bootp' }, { initramfs: 'klibc' })

    expect(refusals.map(({ message }) => message).join('\n')).toMatch(/dracut refuses ip=bootp/)
  })
})

test('a kernel that cannot mount its root is refused also for the guests that it is changed under', async () => {
  const without = CONFIG.replace('CONFIG_ROOT_NFS=y', '# CONFIG_ROOT_NFS is not set')
  const bytes = new Map([
    ['/boot/vmlinuz-nfsroot', bzImage(gzipSync(vmlinux({ config: CONFIG })))],
    ['/boot/vmlinuz-bad', bzImage(gzipSync(vmlinux({ config: without })))],
  ])
  host.machine.readBytes = (path) => Promise.resolve(bytes.get(path))
  host.machine.programs.set('stat', () => ({}))
  host.machine.programs.set('sha256sum', () => ({ exitCode: 1 }))
  const documentWith = (path: string) =>
    siteDocument({ kernels: [kernelDocument({ path })], domains: [domainDocument()] })
  const good = await planChange(host.app, { kind: 'apply', document: documentWith('/boot/vmlinuz-nfsroot') })
  expect(good.refusals).toEqual([])
  const changes = good.plan.steps.flatMap((step) => (step.kind === 'record' ? step.changes : []))
  await recordChanges(host.app.store, changes, { revision: 0, at: 'now' })

  const { refusals } = await planChange(host.app, {
    kind: 'apply',
    document: documentWith('/boot/vmlinuz-bad'),
  })
  expect(refusals).toEqual([{ path: 'kernels/nfsroot', message: expect.stringContaining('CONFIG_ROOT_NFS') }])
})

test('a host that cannot be asked leaves the verdict unknown, with the reason', async () => {
  host.machine.fault = () => 'unreachable'

  expect(await verdictFor(host.app, guestFrom())).toMatchObject({ kind: 'unknown' })
})
