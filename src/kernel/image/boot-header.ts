import { type Compression, compressionAt } from '../unpack/formats.ts'
import { ascii } from './detect.ts'

/** The setup header of a bzImage (Documentation/arch/x86/boot.rst), as far as it matters here. */
export interface BootHeader {
  /** `6.1.0-56-amd64`; undefined when it has none. */
  readonly release: string | undefined
  /** The release with who built it and when; a distribution's upstream version is in it. */
  readonly banner: string | undefined
  readonly is64Bit: boolean
  /** The compressed kernel; undefined when the file ends before it does. */
  readonly payload: Uint8Array | undefined
  /** Undefined for a compression we cannot name. */
  readonly compression: Compression | 'none' | undefined
}

/**
 * Reads the setup header of a bzImage. Xen's loader finds the payload by the same fields
 * (tools/libs/guest/xg_dom_bzimageloader.c), so that what cannot be found here cannot be started either.
 *
 * @returns undefined for a boot protocol before 2.08, which does not say where the payload is
 */
export function readBootHeader(bytes: Uint8Array): BootHeader | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const protocol = view.getUint16(0x206, true)
  if (protocol < 0x208) return undefined
  const sectors = (bytes[0x1f1] || 4) + 1
  const start = sectors * 512 + view.getUint32(0x248, true)
  const end = start + view.getUint32(0x24c, true)
  const banner = text(bytes, 0x200 + view.getUint16(0x20e, true))
  const compression = bytes.length > start + 4 ? formatAt(bytes, start) : undefined
  // All but gzip have the unpacked size appended by the kernel's build (scripts/Makefile.lib, size_append).
  const tail = compression === 'gzip' ? 0 : 4
  return {
    release: banner?.split(' ')[0],
    banner,
    is64Bit: protocol < 0x20c || (view.getUint16(0x236, true) & 1) === 1,
    payload: end <= bytes.length && end - tail > start ? bytes.subarray(start, end - tail) : undefined,
    compression,
  }
}

function formatAt(bytes: Uint8Array, start: number): Compression | 'none' | undefined {
  return ascii(bytes, start, 4) === '\x7fELF' ? 'none' : compressionAt(bytes, start)
}

const MAX_BANNER = 512 // characters

// The header points to a text that ends with a NUL; 0x200 itself means none.
function text(bytes: Uint8Array, start: number): string | undefined {
  if (start === 0x200 || start >= bytes.length) return undefined
  const end = bytes.indexOf(0, start)
  if (end === -1 || end - start > MAX_BANNER) return undefined
  const found = ascii(bytes, start, end - start)
  return /^\d+\.\d+[\w.+~-]*(?: [ -~]*)?$/.test(found) ? found : undefined
}
