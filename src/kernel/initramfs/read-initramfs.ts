import { DomusError, describeError } from '../../errors.ts'
import { type Compression, compressionAt } from '../unpack/formats.ts'
import { type Unpackers, unpack } from '../unpack/unpack.ts'
import { CpioWalker, isCpio } from './cpio.ts'
import type { InitramfsFacts } from './facts.ts'

/**
 * Lists what is in an initramfs: any number of plain cpio archives (microcode and the like), then a compressed one.
 *
 * @throws DomusError 'invalid-input' for a file that does not begin as one
 */
export async function readInitramfs(
  path: string,
  bytes: Uint8Array,
  programs: Unpackers,
): Promise<InitramfsFacts> {
  if (!isCpio(bytes) && compressionAt(bytes) === undefined) {
    throw new DomusError(
      'invalid-input',
      `${path} is no initramfs: neither a cpio archive nor a compressed one`,
    )
  }
  const list = new Listing()
  let compression: Compression | undefined
  let unreadable: string | undefined
  try {
    const rest = walkPlain(bytes, list)
    compression = compressionAt(rest)
    if (compression !== undefined) await walkCompressed(unpack(compression, rest, programs), list)
  } catch (cause) {
    unreadable = `${path} cannot be read: ${describeError(cause)}`
  }
  return { path, compression: compression ?? 'none', modules: list.modules, files: list.files, unreadable }
}

/** Returns what follows the plain archives. */
function walkPlain(bytes: Uint8Array, list: Listing): Uint8Array {
  if (!isCpio(bytes)) return bytes
  const walker = list.walker()
  walker.take(bytes)
  if (!walker.isBetween) throw new Error('the cpio archive is cut off')
  return walker.stoppedAt === undefined ? new Uint8Array(0) : bytes.subarray(walker.stoppedAt)
}

async function walkCompressed(parts: AsyncIterable<Uint8Array>, list: Listing) {
  const walker = list.walker()
  try {
    for await (const part of parts) {
      walker.take(part)
      if (walker.stoppedAt !== undefined) break
    }
  } catch (error) {
    // Padding after the compressed data is no matter once the archive in it is complete.
    if (walker.archives === 0 || !walker.isBetween) throw error
  }
  if (walker.archives === 0) throw new Error('what is compressed in it is no complete cpio archive')
}

const MODULE = /^(?:usr\/)?lib\/modules\/([^/]+)\/(?:.*\/)?([\w-]+)\.ko(?:\.(?:xz|zst|gz))?$/
const OF_RELEASE = /^(?:usr\/)?lib\/modules\/([^/]+)\/./
const BUILT_IN = /^(?:usr\/)?lib\/modules\/([^/]+)\/modules\.builtin$/
const MOST_NAMES = 16 << 20 // characters of all names; large ones have 100 kB
const MOST_RELEASES = 100

class Listing {
  readonly modules = new Map<string, Set<string>>()
  readonly files = new Set<string>()
  private names = 0

  walker(): CpioWalker {
    return new CpioWalker(
      (name) => BUILT_IN.test(name),
      ({ name, content }) => this.add(name, content),
    )
  }

  private add(name: string, content: Buffer | undefined) {
    this.names += name.length
    if (this.names > MOST_NAMES) throw new Error('the names of its files are longer than any initramfs needs')
    const release = OF_RELEASE.exec(name)?.[1]
    const module = MODULE.exec(name)?.[2]
    if (release !== undefined && module !== undefined) this.modulesOf(release).add(normal(module))
    else this.files.add(name)
    if (release === undefined) return
    const known = this.modulesOf(release)
    if (content === undefined || !BUILT_IN.test(name)) return
    for (const [, builtIn = ''] of content.toString('latin1').matchAll(/([\w-]+)\.ko$/gm))
      known.add(normal(builtIn))
  }

  private modulesOf(release: string): Set<string> {
    const known = this.modules.get(release) ?? new Set()
    if (this.modules.size < MOST_RELEASES) this.modules.set(release, known)
    return known
  }
}

// The kernel takes both for the same.
function normal(module: string): string {
  return module.replaceAll('_', '-')
}
