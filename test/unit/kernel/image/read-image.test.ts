import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isImage } from '../../../../src/kernel/image/detect.ts'
import { readImage } from '../../../../src/kernel/image/read-image.ts'
import { MARKERS, valueFromImage } from '../../../../src/kernel/image-facts.ts'
import { bzImage, PAYLOADS, vmlinux } from '../../../builders/kernel-image.ts'

const read = (bytes: Uint8Array) => readImage('x', bytes, {})
const CONFIG = 'CONFIG_XEN=y\n'

describe.each(Object.entries(PAYLOADS))('a bzImage with %s', (_name, pack) => {
  test('tells its release, its notes and its configuration', async () => {
    const image = await read(bzImage(pack(vmlinux({ config: CONFIG }))))

    expect(image.facts).toMatchObject({
      format: 'bzImage',
      arch: 'x86_64',
      release: '6.1.192',
      unreadable: undefined,
    })
    expect([...(image.facts.contents?.notes ?? [])].sort()).toEqual([1, 18, 6])
    expect(image.config).toEqual(gzipSync(CONFIG))
  })

  test('gives itself away by the texts of built-in code when it carries no configuration', async () => {
    const texts = [MARKERS.ROOT_NFS ?? '', MARKERS.XEN_PVH ?? '']
    const image = await read(bzImage(pack(vmlinux({ texts }))))
    const facts = await image.readMarkers()

    expect(image.config).toBeUndefined()
    expect([...(facts.contents?.builtIn ?? [])].sort()).toEqual(['ROOT_NFS', 'XEN_PVH'])
  })

  test('that is cut off is closed, with the reason', async () => {
    const whole = bzImage(pack(vmlinux({ filling: 40_000 })))
    const { facts } = await read(whole.subarray(0, whole.length - 200))

    expect(facts.unreadable).toMatch('cut off')
    expect(facts.contents).toBeUndefined()
  })
})

test('a vmlinux tells the same', async () => {
  const { facts, config } = await read(vmlinux({ config: CONFIG, release: '6.12.1-domu' }))

  expect(facts).toMatchObject({ format: 'vmlinux', arch: 'x86_64', release: '6.12.1-domu' })
  expect(config).toEqual(gzipSync(CONFIG))
})

test.each([
  ['bzip2', [0x42, 0x5a, 0x68, 0x39, 0x31]],
  ['lzma', [0x5d, 0x00, 0x00, 0x80, 0x00]],
  ['lzo', [0x89, 0x4c, 0x5a, 0x4f, 0x00]],
])('%s is named as a compression that is not read', async (name, magic) => {
  const { facts } = await read(bzImage(Buffer.concat([Buffer.from(magic), Buffer.alloc(100)])))

  expect(facts.unreadable).toMatch(`compressed with ${name}`)
})

test('a damaged payload is told, not thrown', async () => {
  const payload = gzipSync(vmlinux())
  payload.fill(0x55, 20, 60)

  expect((await read(bzImage(payload))).facts.unreadable).toMatch('the kernel in it is damaged')
})

test('a payload that is no kernel is told', async () => {
  expect((await read(bzImage(gzipSync('hello'.repeat(5000))))).facts.unreadable).toMatch('is no kernel')
})

test('a kernel of 32 bits and images of other machines say so', async () => {
  expect(
    (await read(bzImage(PAYLOADS.gzip?.(vmlinux({ machine: 3 })) ?? Buffer.alloc(0), { is32: true }))).facts
      .arch,
  ).toBe('i386')
  const arm64 = Buffer.alloc(128)
  arm64.write('ARM\x64', 56, 'latin1')
  expect(isImage(arm64)).toBe(true)
  expect((await read(arm64)).facts.arch).toBe('arm64')
})

test('a boot header of old times is refused with its reason', async () => {
  const { facts } = await read(bzImage(gzipSync(vmlinux()), { protocol: 0x207 }))

  expect(facts.unreadable).toMatch('older than 2.08')
})

test('an object or a plain program is no kernel', async () => {
  const object = vmlinux()
  object.writeUInt16LE(1, 16)

  await expect(read(object)).rejects.toMatchObject({ code: 'invalid-input' })
  await expect(read(vmlinux({ banner: 'none', notes: [] }))).rejects.toThrow('no kernel')
})

test('a banner cannot smuggle a path into the places that are searched', async () => {
  const { facts } = await read(bzImage(gzipSync(vmlinux()), { banner: '6.1/../../etc/shadow (x)' }))

  expect(facts.release).toBeUndefined()
})

test('notes prove PV; PVH needs its code besides the note', () => {
  const contents = { notes: new Set([6, 1, 18]), builtIn: new Set<string>() }

  expect(valueFromImage(contents, 'XEN_PV')).toBe('y')
  expect(valueFromImage(contents, 'XEN_PVH')).toBe('n')
  expect(valueFromImage({ ...contents, builtIn: new Set(['XEN_PVH']) }, 'XEN_PVH')).toBe('y')
  expect(valueFromImage({ ...contents, notes: new Set([6]) }, 'XEN_PV')).toBe('n')
  expect(valueFromImage(contents, 'NFS_V3')).toBe('undetermined')
})

test('the root over NFS, once proved, proves what it depends on', () => {
  const contents = { notes: new Set([6, 1]), builtIn: new Set(['ROOT_NFS']) }

  expect(['INET', 'NFS_FS', 'MULTIUSER'].map((symbol) => valueFromImage(contents, symbol))).toEqual([
    'y',
    'y',
    'y',
  ])
})

test('whatever follows the magic of a kernel, the answer is facts or a clear error', async () => {
  const kinds = [
    bzImage(gzipSync(vmlinux())),
    vmlinux({ config: CONFIG }),
    bzImage(PAYLOADS.lz4?.(vmlinux()) ?? Buffer.alloc(0)),
  ]
  const damage = fc.array(fc.tuple(fc.nat(3000), fc.nat(255)), { maxLength: 20 })
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...kinds), damage, fc.nat(25_000), async (kernel, changes, length) => {
      const bytes = Buffer.from(kernel.subarray(0, Math.max(length, 0x264)))
      for (const [at, value] of changes) bytes[at % bytes.length] = value
      fc.pre(isImage(bytes))
      const outcome = await read(bytes).then(
        ({ facts }) => facts.unreadable ?? 'read',
        (error: { code?: string }) => error.code,
      )
      expect(outcome).toEqual(expect.any(String))
      expect(outcome).not.toBe('internal')
    }),
    { numRuns: 40 },
  )
})
