import { gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CpioWalker } from '../../../../src/kernel/initramfs/cpio.ts'
import { readInitramfs } from '../../../../src/kernel/initramfs/read-initramfs.ts'
import { cpio } from '../../../builders/initramfs.ts'
import { lz4Stored } from '../../../builders/kernel-image.ts'

const read = (bytes: Uint8Array) => readInitramfs('initrd', bytes, {})
const MODULES = 'usr/lib/modules/6.1.0-56-amd64'
const MAIN = cpio({
  init: '#!/bin/sh\n',
  [`${MODULES}/kernel/net/xen_netfront.ko`]: 'x'.repeat(5001),
  [`${MODULES}/kernel/fs/nfs/nfs.ko.xz`]: '',
  [`${MODULES}/modules.builtin`]: 'kernel/net/packet/af_packet.ko\nkernel/fs/binfmt_script.ko\n',
  './scripts/nfs': '',
})

test.each([
  ['none', MAIN],
  ['gzip', gzipSync(MAIN)],
  ['zstd', zstdCompressSync(MAIN)],
  ['lz4', lz4Stored(MAIN)],
])('lists an archive with compression %s', async (compression, bytes) => {
  const facts = await read(bytes)

  expect(facts).toMatchObject({ compression, unreadable: undefined })
  expect([...facts.files].sort()).toEqual(['init', 'scripts/nfs', `${MODULES}/modules.builtin`])
  expect([...facts.modules].map(([release, modules]) => [release, [...modules].sort()])).toEqual([
    ['6.1.0-56-amd64', ['af-packet', 'binfmt-script', 'nfs', 'xen-netfront']],
  ])
})

test('passes over archives with microcode before the compressed one, and junk after it', async () => {
  const early = cpio(['kernel/x86/microcode/GenuineIntel.bin'])
  const second = cpio([`${MODULES}/kernel/fs/nfs/nfsv3.ko`])
  const facts = await read(Buffer.concat([early, second, gzipSync(MAIN), Buffer.alloc(700, 7)]))

  expect(facts.files.has('kernel/x86/microcode/GenuineIntel.bin')).toBe(true)
  expect(facts.modules.get('6.1.0-56-amd64')?.has('nfsv3')).toBe(true)
  expect(facts.modules.get('6.1.0-56-amd64')?.has('nfs')).toBe(true)
  expect(facts.unreadable).toBeUndefined()
})

test.each([
  ['a plain archive', MAIN.subarray(0, 600)],
  ['a compressed one', gzipSync(MAIN).subarray(0, 100)],
  ['what was an archive before it was compressed', gzipSync(MAIN.subarray(0, 600))],
])('%s that is cut off says so', async (_name, bytes) => {
  expect((await read(bytes)).unreadable).toMatch(/initrd cannot be read: /)
})

test('bzip2 is named', async () => {
  expect((await read(Buffer.from('BZh91AY&SY'))).unreadable).toMatch('compressed with bzip2')
})

test('something else is no initramfs', async () => {
  await expect(read(Buffer.from('#!/bin/sh\n'))).rejects.toMatchObject({ code: 'invalid-input' })
})

test('the walk finds the same however the stream is cut', () => {
  const bytes = Buffer.concat([MAIN, cpio({ second: 'archive' })])
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 700 }), (length) => {
      const names: string[] = []
      const contents: (string | undefined)[] = []
      const walker = new CpioWalker(
        (name) => name.endsWith('modules.builtin') || name === 'second',
        ({ name, content }) => {
          names.push(name)
          if (content !== undefined) contents.push(content.toString())
        },
      )
      for (let at = 0; at < bytes.length; at += length) walker.take(bytes.subarray(at, at + length))
      expect(names).toHaveLength(6)
      expect(contents.at(-1)).toBe('archive')
      expect(walker.archives).toBe(2)
    }),
    { numRuns: 40 },
  )
})

test('hostile headers are errors, whatever they claim', async () => {
  const change = (at: number, text: string) => {
    const bytes = Buffer.from(MAIN)
    bytes.write(text, at, 'latin1')
    return read(bytes)
  }
  expect((await change(94, 'ffffffff')).unreadable).toMatch('name of an impossible length')
  expect((await change(54, 'zzzzzzzz')).unreadable).toMatch('damaged header')
  expect((await change(54, 'ffffffff')).unreadable).toMatch('cut off')
})
