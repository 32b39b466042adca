import { DomusError } from '../errors.ts'
import type { KernelInput } from './check.ts'
import { type KernelConfig, looksLikeConfig, parseConfig } from './config.ts'
import { isElf, isImage } from './image/detect.ts'
import type { Image } from './image/read-image.ts'
import { checkSameKernel } from './same-kernel.ts'
import { compressionAt } from './unpack/formats.ts'
import type { Unpackers } from './unpack/unpack.ts'

// What only images need is loaded for them: most checks are of a .config, and should not wait for it.

/** No file of a kernel is larger: kernels have 4 to 80 MiB, initramfs files up to 100. */
export const MAX_KERNEL_BYTES = 128 << 20

export const tooLarge = (name: string): string =>
  `${name} is larger than ${MAX_KERNEL_BYTES >> 20} MiB: for a vmlinux with debug information give its .config instead`

/** Reads files where the kernel lies: this machine, a dom0 over ssh, or a fake. */
export interface KernelFiles {
  /** Undefined when there is no such file. */
  read(path: string): Promise<Uint8Array | undefined>
}

export interface KernelPaths {
  /** A `.config`, `config.gz`, `vmlinux` or `bzImage`. */
  readonly path: string
  readonly initrd?: string | undefined
  /** The kernel's .config, when it does not lie beside it. */
  readonly config?: string | undefined
}

/**
 * Reads what is to be judged: the kernel or its configuration, and the initramfs.
 *
 * The configuration of an image is the one embedded in it, else the one named, else the first that lies where
 * distributions put it; the input says which.
 *
 * @throws DomusError 'invalid-input' for a missing file, for one that is no kernel and no configuration, and
 *   for a configuration that is of another kernel than the image
 */
export async function readKernel(
  paths: KernelPaths,
  files: KernelFiles,
  programs: Unpackers = {},
): Promise<KernelInput> {
  const kernel = await readMain(paths, files, programs)
  if (paths.initrd === undefined) return kernel
  const { readInitramfs } = await import('./initramfs/read-initramfs.ts')
  const initramfs = await readInitramfs(paths.initrd, await readExisting(paths.initrd, files), programs)
  return { ...kernel, initramfs }
}

async function readMain(paths: KernelPaths, files: KernelFiles, programs: Unpackers): Promise<KernelInput> {
  const { path } = paths
  const bytes = await readExisting(path, files)
  if (isImage(bytes)) {
    const { readImage } = await import('./image/read-image.ts')
    return withConfig(paths, await readImage(path, bytes, programs), files, programs)
  }
  const compression = compressionAt(bytes)
  if (compression === undefined) {
    return { path, source: 'config', config: configIn(path, textOf(bytes)) }
  }
  const { unpack } = await import('./unpack/unpack.ts')
  const opened = await openCompressed(path, () => unpack(compression, bytes, programs))
  if (opened.image !== undefined) return withConfig(paths, opened.image, files, programs)
  return { path, source: 'config.gz', config: configIn(path, opened.text) }
}

async function readExisting(path: string, files: KernelFiles): Promise<Uint8Array> {
  const bytes = await files.read(path)
  if (bytes === undefined) throw new DomusError('invalid-input', `there is no file ${path}`)
  if (bytes.length === 0) throw new DomusError('invalid-input', `${path} is empty`)
  return bytes
}

function configIn(path: string, text: string | undefined): KernelConfig {
  if (text !== undefined && looksLikeConfig(text)) return parseConfig(text)
  throw new DomusError('invalid-input', `${path} is neither a kernel image nor a kernel configuration`)
}

/** A compressed file holds a configuration (config.gz) or a vmlinux. */
async function openCompressed(
  path: string,
  open: () => AsyncIterable<Uint8Array>,
): Promise<{ image?: Image; text?: string | undefined }> {
  const parts: Uint8Array[] = []
  let length = 0
  try {
    for await (const part of open()) {
      if (length === 0 && isElf(part)) {
        const { readVmlinux } = await import('./image/read-image.ts')
        return { image: await readVmlinux(path, open) }
      }
      parts.push(part)
      length += part.length
      if (length > MAX_CONFIG) return {}
    }
  } catch (cause) {
    if (cause instanceof DomusError) throw cause
    throw new DomusError('invalid-input', `${path} cannot be unpacked`, { cause })
  }
  return { text: textOf(Buffer.concat(parts)) }
}

const MAX_CONFIG = 8 << 20 // bytes; that of an allyesconfig has 0.5 MB

function textOf(bytes: Uint8Array): string | undefined {
  if (bytes.length > MAX_CONFIG || bytes.includes(0)) return undefined
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')
}

async function withConfig(
  paths: KernelPaths,
  image: Image,
  files: KernelFiles,
  programs: Unpackers,
): Promise<KernelInput> {
  const { path } = paths
  const { facts } = image
  if (facts.unreadable !== undefined || facts.contents === undefined)
    return { path, source: 'image', image: facts }
  if (image.config !== undefined) {
    const { unpack } = await import('./unpack/unpack.ts')
    const { text } = await openCompressed(path, () => unpack('gzip', image.config ?? new Uint8Array(0)))
    const config = configIn(`the configuration inside ${path}`, text)
    checkSameKernel(path, facts, `the configuration inside ${path}`, config)
    return { path, source: 'ikconfig', config, image: facts }
  }
  const places = configPlaces(paths, facts.release)
  for (const configPath of places) {
    const bytes = await files.read(configPath)
    if (bytes === undefined) {
      if (configPath === paths.config) throw new DomusError('invalid-input', `there is no file ${configPath}`)
      continue
    }
    const { config } = await readMain({ path: configPath }, { read: () => Promise.resolve(bytes) }, programs)
    if (config === undefined)
      throw new DomusError('invalid-input', `${configPath} is no kernel configuration`)
    checkSameKernel(path, facts, configPath, config)
    return { path, source: 'config', config, configPath, image: facts }
  }
  return { path, source: 'image', image: await image.readMarkers(), searched: places }
}

/**
 * Where the configuration of an image may lie, best first: where the user says, beside it under the same
 * name (`vmlinuz-X`, `config-X`), and where distributions put it.
 */
export function configPlaces({ path, config }: KernelPaths, release: string | undefined): readonly string[] {
  if (config !== undefined) return [config]
  if (path === '-') return []
  const folder = path.slice(0, path.lastIndexOf('/') + 1)
  const suffix = /^(?:vmlinu[xz]|bzImage|kernel|linux)-(.+)$/.exec(path.slice(folder.length))?.[1]
  const places = [
    ...(suffix === undefined ? [] : [`${folder}config-${suffix}`]),
    ...(release === undefined
      ? []
      : [`${folder}config-${release}`, `/boot/config-${release}`, `/usr/lib/modules/${release}/config`]),
    `${folder}config`,
  ]
  return [...new Set(places)]
}
