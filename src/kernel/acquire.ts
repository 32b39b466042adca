import { DomusError } from '../errors.ts'
import type { KernelInput } from './check.ts'
import { looksLikeConfig, parseConfig } from './config.ts'
import { isGzip, unpack } from './unpack.ts'

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
 * Reads what is to be judged.
 *
 * @throws DomusError 'not-found' for a missing file, 'invalid-input' for one that is no kernel and no config
 */
export async function readKernel(paths: KernelPaths, files: KernelFiles): Promise<KernelInput> {
  const bytes = await files.read(paths.path)
  if (bytes === undefined) throw new DomusError('not-found', `no file ${paths.path}`)
  const text = isGzip(bytes) ? await unpackText(bytes, paths.path) : textOf(bytes)
  if (text !== undefined && looksLikeConfig(text)) {
    return { path: paths.path, source: isGzip(bytes) ? 'config.gz' : 'config', config: parseConfig(text) }
  }
  throw new DomusError('invalid-input', `${paths.path} is neither a kernel image nor a kernel configuration`)
}

const MAX_CONFIG = 8 << 20 // bytes; an allyesconfig has 0.5 MB

async function unpackText(bytes: Uint8Array, path: string): Promise<string | undefined> {
  const parts: Uint8Array[] = []
  let length = 0
  try {
    for await (const part of unpack('gzip', bytes)) {
      length += part.length
      if (length > MAX_CONFIG) return undefined
      parts.push(part)
    }
  } catch (cause) {
    throw new DomusError('invalid-input', `${path} is a damaged gzip file`, { cause })
  }
  return textOf(Buffer.concat(parts))
}

function textOf(bytes: Uint8Array): string | undefined {
  if (bytes.length > MAX_CONFIG || bytes.includes(0)) return undefined
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')
}
