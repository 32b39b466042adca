import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readNotes } from '../../../../src/kernel/image/elf.ts'
import { scanKernel } from '../../../../src/kernel/image/scan.ts'
import { vmlinux } from '../../../builders/kernel-image.ts'

test('finds the same however the kernel is cut into parts', async () => {
  const kernel = vmlinux({ config: 'CONFIG_XEN=y\n', texts: ['Root-NFS: here'], filling: 9000 })
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 4000 }), { minLength: 1, maxLength: 40 }),
      async (lengths) => {
        const scan = await scanKernel(cut(kernel, lengths), {
          texts: ['Root-NFS: ', 'IP-Config: '],
          banner: true,
        })
        expect(scan?.banner).toMatch(/^6\.1\.192 /)
        expect([...(scan?.notes ?? [])]).toEqual([6, 1, 18])
        expect(scan?.config && gunzipSync(scan.config).toString()).toBe('CONFIG_XEN=y\n')
        expect([...(scan?.texts ?? [])]).toEqual(['Root-NFS: '])
      },
    ),
    { numRuns: 30 },
  )
})

test('stops as soon as it has all it wants', async () => {
  const kernel = vmlinux({ config: 'CONFIG_XEN=y\n' })
  let taken = 0
  function* parts() {
    for (const part of [kernel, Buffer.alloc(10), Buffer.alloc(10)]) {
      taken++
      yield part
    }
  }
  await scanKernel(parts())

  expect(taken).toBe(1)
})

test('a start mark without an end is no configuration', async () => {
  const kernel = Buffer.concat([
    vmlinux(),
    Buffer.from('IKCFG_ST\x1f\x8b\x08', 'latin1'),
    Buffer.alloc(2 << 20, 1),
  ])

  expect((await scanKernel(cut(kernel, [100_000])))?.config).toBeUndefined()
})

test('notes of another owner and torn notes are passed over', () => {
  const torn = Buffer.from([4, 0, 0, 0, 255, 255, 255, 255, 1, 0, 0, 0, 88, 101, 110, 0])

  expect(readNotes(torn, 'Xen')).toEqual([1])
  expect(readNotes(torn, 'GNU')).toEqual([])
  expect(readNotes(torn.subarray(0, 11), 'Xen')).toEqual([])
})

function* cut(bytes: Buffer, lengths: readonly number[]): Generator<Buffer> {
  for (let at = 0, index = 0; at < bytes.length; index++) {
    const length = lengths[index % lengths.length] ?? 1
    yield bytes.subarray(at, at + length)
    at += length
  }
}
