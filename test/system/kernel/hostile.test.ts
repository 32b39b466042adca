import { execFile } from 'node:child_process'
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { deflateRawSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cpio } from '../../builders/initramfs.ts'
import { bzImage, lz4Stored, vmlinux } from '../../builders/kernel-image.ts'

const folder = await mkdtemp(join(tmpdir(), 'domus-kernel-'))
afterAll(() => rm(folder, { recursive: true }))

const MIB = 2 ** 20
const noise = (bytes: number) => {
  const words = new Uint32Array(bytes / 4)
  let seed = 1
  for (let at = 0; at < words.length; at++) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
    words[at] = seed ^ (seed >>> 15)
  }
  return Buffer.from(words.buffer)
}
const ZEROS = Buffer.alloc(64 * MIB)
const PACKED_ZEROS = gzipSync(ZEROS)
const NOISE = noise(12 * MIB)

/** Unpacks to as much as is let through, nearly half a gigabyte. */
const LARGE_BOMB = Buffer.concat([
  gzipSync(Buffer.concat([vmlinux(), NOISE]), { level: 1 }),
  ...Array.from({ length: 12 }, () => PACKED_ZEROS),
])

/** One lz4 block of 8 MiB of zeros, many times. */
function lz4Bomb(blocks: number): Buffer {
  const more = 8 * MIB - 1 - 4 - 15 - 12
  const block = Buffer.concat([
    Buffer.from([0x1f, 0, 1, 0]),
    Buffer.alloc(Math.floor(more / 255), 255),
    Buffer.from([more % 255, 0xc0]),
    Buffer.alloc(12),
  ])
  const length = Buffer.alloc(4)
  length.writeUInt32LE(block.length)
  const all = Array.from({ length: blocks }, () => Buffer.concat([length, block]))
  return Buffer.concat([lz4Stored(Buffer.concat([vmlinux(), NOISE.subarray(0, 2 * MIB)])), ...all])
}

/** A config.gz of many members, each of which costs a decompressor. */
const ONE_MEMBER = gzipSync('')
const manyMembers = Buffer.alloc(200_000 * ONE_MEMBER.length, ONE_MEMBER)
const lineOfSpaces = `CONFIG_A=${' '.repeat(7 * MIB)}x\n# ${' '.repeat(MIB / 2)}x\n`
const KERNEL = bzImage(gzipSync(vmlinux()))
const countlessFiles = () => {
  const one = cpio(['init']).subarray(0, 116)
  return Buffer.alloc(400_000 * one.length, one)
}
const endlessFile = Buffer.from(cpio(['init']).subarray(0, 116))
endlessFile.write('ffffffff', 54)

const cases: readonly [name: string, files: () => Buffer[], outcome: RegExp][] = [
  ['a kernel of zeros', () => [bzImage(PACKED_ZEROS)], /what is compressed in it is no kernel/],
  ['a gzip bomb', () => [bzImage(gzipSync(Buffer.concat([vmlinux(), ZEROS])))], /more than \d+ MiB/],
  ['a large gzip bomb', () => [bzImage(LARGE_BOMB)], /more than \d+ MiB/],
  ['a zstd bomb', () => [bzImage(zstdCompressSync(Buffer.concat([vmlinux(), ZEROS])))], /more than \d+ MiB/],
  ['an lz4 bomb', () => [bzImage(lz4Bomb(60))], /more than \d+ MiB/],
  ['a config.gz bomb', () => [PACKED_ZEROS], /neither a kernel image nor/],
  ['a gzip file of countless members', () => [manyMembers], /too many members/],
  ['an initramfs bomb', () => [KERNEL, gzipSync(Buffer.concat([endlessFile, ZEROS]))], /more than \d+ MiB/],
  ['an initramfs of countless files', () => [KERNEL, countlessFiles()], /more than 200000 entries/],
  ['noise', () => [noise(100 * MIB)], /neither a kernel image nor/],
  [
    'noise behind the magic of a kernel',
    () => [Buffer.concat([KERNEL.subarray(0, 0x400), NOISE])],
    /undetermined: /,
  ],
  [
    'noise behind the magic of ELF',
    () => [Buffer.concat([vmlinux().subarray(0, 64), NOISE])],
    /invalid-input: /,
  ],
  ['a configuration with endless lines', () => [Buffer.from(lineOfSpaces)], /undetermined: /],
  [
    'a text as long as a kernel',
    () => [Buffer.alloc(100 * MIB, 'CONFIG_A=y\n')],
    /neither a kernel image nor/,
  ],
  ['deflated noise without a header', () => [deflateRawSync(NOISE)], /neither a kernel image nor/],
]
const special: readonly [path: string, outcome: RegExp][] = [
  ['/dev/zero', /is not a regular file/],
  ['/', /is not a regular file|cannot read/],
  ['/dev/null', /is not a regular file/],
]

interface Result {
  readonly outcome: string
  readonly cpuMs: number
  readonly peakMiB: number
}
const results = new Map<string, Result>()

// One process for all of them: starting one takes longer than what is measured.
beforeAll(async () => {
  const jobs: [name: string, paths: string[]][] = special.map(([path]) => [path, [path]])
  for (const [name, files] of cases) {
    const paths = files().map((content, index) => ({
      path: join(folder, `${jobs.length}-${index}`),
      content,
    }))
    for (const { path, content } of paths) await writeFile(path, content)
    jobs.push([name, paths.map(({ path }) => path)])
  }
  const huge = join(folder, 'huge')
  await writeFile(huge, vmlinux())
  await truncate(huge, 2 ** 40)
  jobs.push(['huge', [huge]])
  const driver = join(import.meta.dirname, '../../tools/kernel-check.ts')
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--expose-gc',
    driver,
    JSON.stringify(jobs.map(([, paths]) => paths)),
  ])
  const all = JSON.parse(stdout) as Result[]
  for (const [index, [name]] of jobs.entries()) results.set(name, all[index] as Result) // one per job
}, 600_000) // most of it is making the files, on a machine with other work

test.each(cases)('%s ends in a clear word, within 2 s of CPU and 300 MiB', (name, _files, expected) => {
  const result = results.get(name)

  expect(result?.outcome).toMatch(expected)
  expect(result?.outcome).not.toMatch(/^not ours/)
  expect(result?.cpuMs).toBeLessThan(2000)
  expect(result?.peakMiB).toBeLessThan(300)
})

test.each(special)('%s is refused', (path, expected) => {
  expect(results.get(path)?.outcome).toMatch(expected)
})

test('a file of any size is not even read', () => {
  expect(results.get('huge')?.outcome).toMatch('is larger than 128 MiB')
  expect(results.get('huge')?.cpuMs).toBeLessThan(200)
})
