import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { crc32 } from 'node:zlib'
import { DomusError } from './errors.ts'
import type { KernelData } from './kernel/check.ts'
import type { FragmentRequest } from './kernel/fragments.ts'

// The same place seen from src/ and from dist/: both lie beside kernel-configs/.
const KERNEL_CONFIGS = fileURLToPath(new URL('../kernel-configs/', import.meta.url))

/**
 * Reads the rules and dependency tables of `kernel-configs/`.
 *
 * What is as it was delivered (`checked.crc32`) was checked by the tests; what was changed is checked here.
 *
 * @throws DomusError 'invalid-input' naming file and place
 */
export async function loadKernelData(folder = KERNEL_CONFIGS): Promise<KernelData> {
  const texts = kernelDataTexts(folder)
  const digest = join(folder, 'checked.crc32')
  const checked = existsSync(digest) ? readFileSync(digest, 'utf8') : ''
  const parsed = Object.fromEntries(
    Object.entries(texts).map(([file, text]) => [file, parseJson(file, text)]),
  )
  const isDelivered = checked.trim() === kernelDataDigest(texts)
  return isDelivered ? trusted(parsed) : (await import('./kernel/check-data.ts')).checkData(parsed)
}

/** The files that make up the kernel data, by their path in the folder. */
export function kernelDataTexts(folder = KERNEL_CONFIGS): Readonly<Record<string, string>> {
  const files = [...jsonFilesIn(folder, 'rules'), ...jsonFilesIn(folder, 'deps'), 'initramfs.json']
  return Object.fromEntries(files.map((file) => [file, readFileSync(join(folder, file), 'utf8')]))
}

/** What `checked.crc32` holds for these files: enough to find an edit, and node:crypto would take 10 ms to load. */
export const kernelDataDigest = (texts: Readonly<Record<string, string>>): string =>
  crc32(JSON.stringify(Object.entries(texts).sort()))
    .toString(16)
    .padStart(8, '0')

/** Reads and joins the fragments a boot needs. */
export async function loadFragment(request: FragmentRequest, folder = KERNEL_CONFIGS): Promise<string> {
  const { chooseFragments, joinFragments, parseFragmentTable } = await import('./kernel/fragments.ts')
  const here = join(folder, 'fragments')
  const file = join(here, 'fragments.json')
  const table = parseFragmentTable(file, parseJson(file, readFileSync(file, 'utf8')))
  const chosen = new Set(chooseFragments(table, request))
  const parts = table.fragments.filter((fragment) => chosen.has(fragment.file))
  return joinFragments(
    parts.map(({ file, title }) => ({ title, text: readFileSync(join(here, file), 'utf8') })),
  )
}

function jsonFilesIn(folder: string, name: string): readonly string[] {
  return readdirSync(join(folder, name))
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => `${name}/${file}`)
}

// The digest says that these files have passed the schemas, so that their types are known.
function trusted(parsed: Readonly<Record<string, unknown>>): KernelData {
  const of = (folder: string) => Object.keys(parsed).filter((file) => file.startsWith(folder))
  return {
    rules: of('rules/').flatMap((file) => (parsed[file] as { rules: KernelData['rules'] }).rules),
    dependencies: of('deps/').map((file) => parsed[file] as KernelData['dependencies'][number]),
    initramfs: parsed['initramfs.json'] as KernelData['initramfs'],
  }
}

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new DomusError('invalid-input', `${file} is not JSON`, { cause })
  }
}
