import { DomusError, describeError } from '../../errors.ts'
import { type ImageFacts, MARKERS } from '../image-facts.ts'
import { UnknownCompression, type Unpackers, unpack } from '../unpack/unpack.ts'
import { type BootHeader, readBootHeader } from './boot-header.ts'
import { foreignArch, isBzImage } from './detect.ts'
import { type Scan, type ScanOptions, scanKernel } from './scan.ts'

/** A kernel image as read. */
export interface Image {
  readonly facts: ImageFacts
  /** The embedded configuration, still gzipped; undefined when there is none. */
  readonly config: Uint8Array | undefined
  /** Looks for what betrays built-in code: a pass over the whole kernel, worth it only without a configuration. */
  readonly readMarkers: () => Promise<ImageFacts>
}

/**
 * Reads a bzImage or vmlinux.
 *
 * What is wrong with an image is told in its facts (`unreadable`), for a verdict of `undetermined`.
 *
 * @throws DomusError 'invalid-input' for an ELF file that is no kernel
 */
export async function readImage(path: string, bytes: Uint8Array, programs: Unpackers): Promise<Image> {
  if (isBzImage(bytes)) return readBzImage(path, bytes, programs)
  const arch = foreignArch(bytes)
  if (arch !== undefined) return closedImage({ ...NOTHING, arch })
  return readVmlinux(path, () => [bytes])
}

const NOTHING: ImageFacts = {
  format: 'vmlinux',
  arch: '',
  release: undefined,
  banner: undefined,
  contents: undefined,
  unreadable: undefined,
}

/** Reads an uncompressed kernel; `parts` is called once per pass. */
export async function readVmlinux(
  path: string,
  parts: () => AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<Image> {
  const scan = await scanKernel(parts(), { banner: true })
  if (scan === undefined || !scan.elf.isProgram) {
    throw new DomusError(
      'invalid-input',
      `${path} is an ELF file, but no kernel: ${scan === undefined ? 'its head is damaged' : 'an object or a module'}`,
    )
  }
  const banner = /^\d+\.\d+[\w.+~-]* [ -~]*/.exec(scan.banner ?? '')?.[0]
  if (scan.config === undefined && scan.notes.size === 0 && banner === undefined) {
    throw new DomusError('invalid-input', `${path} is an ELF program, but no kernel`)
  }
  const facts: ImageFacts = {
    ...NOTHING,
    arch: scan.elf.arch,
    banner,
    release: banner?.split(' ')[0],
    contents: { notes: scan.notes, builtIn: undefined },
  }
  return { facts, config: scan.config, readMarkers: () => withMarkers(facts, parts) }
}

async function readBzImage(path: string, bytes: Uint8Array, programs: Unpackers): Promise<Image> {
  const header = readBootHeader(bytes)
  if (header === undefined) {
    return closedImage({
      ...NOTHING,
      format: 'bzImage',
      unreadable: `${path} has a boot header older than 2.08, which neither Xen nor domus can read`,
    })
  }
  const facts: ImageFacts = {
    ...NOTHING,
    format: 'bzImage',
    arch: header.is64Bit ? 'x86_64' : 'i386',
    release: header.release,
    banner: header.banner,
  }
  const refused = whyClosed(header)
  if (refused !== undefined) return closedImage({ ...facts, unreadable: `${path}: ${refused}` })
  const parts = () => openPayload(header, programs)
  return openBzImage(path, facts, parts)
}

function whyClosed({ payload, compression }: BootHeader): string | undefined {
  if (payload === undefined) return 'the image is cut off: it ends before its compressed kernel does'
  if (compression === undefined) return 'the compression of the kernel in it is unknown'
  return undefined
}

function openPayload({ payload, compression }: BootHeader, programs: Unpackers) {
  if (payload === undefined || compression === undefined) throw new Error('the payload was not checked')
  return compression === 'none' ? [payload] : unpack(compression, payload, programs)
}

async function openBzImage(
  path: string,
  facts: ImageFacts,
  parts: () => AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<Image> {
  let scan: Scan | undefined
  try {
    scan = await scanKernel(parts())
  } catch (cause) {
    const why =
      cause instanceof UnknownCompression
        ? cause.message
        : `the kernel in it is damaged: ${describeError(cause)}`
    return closedImage({ ...facts, unreadable: `${path}: ${why}` })
  }
  if (scan === undefined)
    return closedImage({ ...facts, unreadable: `${path}: what is compressed in it is no kernel` })
  const opened: ImageFacts = {
    ...facts,
    arch: scan.elf.arch,
    contents: { notes: scan.notes, builtIn: undefined },
  }
  return { facts: opened, config: scan.config, readMarkers: () => withMarkers(opened, parts) }
}

async function withMarkers(
  facts: ImageFacts,
  parts: () => Parameters<typeof scanKernel>[0],
): Promise<ImageFacts> {
  const options: ScanOptions = { texts: Object.values(MARKERS) }
  const texts = (await scanKernel(parts(), options))?.texts ?? new Set()
  const symbols = Object.keys(MARKERS).filter((symbol) => texts.has(MARKERS[symbol] ?? ''))
  return facts.contents === undefined
    ? facts
    : { ...facts, contents: { ...facts.contents, builtIn: new Set(symbols) } }
}

function closedImage(facts: ImageFacts): Image {
  return { facts, config: undefined, readMarkers: () => Promise.resolve(facts) }
}
