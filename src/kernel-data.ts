import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DomusError } from './errors.ts'
import type { KernelData } from './kernel/check.ts'
import { parseDependencyTables } from './kernel/dependencies.ts'
import {
  chooseFragments,
  type FragmentRequest,
  joinFragments,
  parseFragmentTable,
} from './kernel/fragments.ts'
import { parseInitramfsTable } from './kernel/initramfs/table.ts'
import { parseRules } from './kernel/rules.ts'

// The same place seen from src/ and from dist/: both lie beside kernel-configs/.
const KERNEL_CONFIGS = fileURLToPath(new URL('../kernel-configs/', import.meta.url))

/** Reads the rules and dependency tables of `kernel-configs/`. @throws DomusError 'invalid-input' naming file and place */
export async function loadKernelData(folder = KERNEL_CONFIGS): Promise<KernelData> {
  const initramfs = join(folder, 'initramfs.json')
  const [rules, tables, table] = await Promise.all([
    readJsonFiles(join(folder, 'rules')),
    readJsonFiles(join(folder, 'deps')),
    readFile(initramfs, 'utf8'),
  ])
  return {
    rules: parseRules(rules),
    dependencies: parseDependencyTables(tables),
    initramfs: parseInitramfsTable(initramfs, parseJson(initramfs, table)),
  }
}

/** Reads and joins the fragments a boot needs. */
export async function loadFragment(request: FragmentRequest, folder = KERNEL_CONFIGS): Promise<string> {
  const here = join(folder, 'fragments')
  const file = join(here, 'fragments.json')
  const table = parseFragmentTable(file, parseJson(file, await readFile(file, 'utf8')))
  const chosen = new Set(chooseFragments(table, request))
  const parts = table.fragments.filter((fragment) => chosen.has(fragment.file))
  return joinFragments(
    await Promise.all(
      parts.map(async ({ file, title }) => ({ title, text: await readFile(join(here, file), 'utf8') })),
    ),
  )
}

async function readJsonFiles(folder: string): Promise<Record<string, unknown>> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort()
  const contents = await Promise.all(
    names.map(async (name) => parseJson(name, await readFile(join(folder, name), 'utf8'))),
  )
  return Object.fromEntries(names.map((name, index) => [name, contents[index]]))
}

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new DomusError('invalid-input', `${file} is not JSON`, { cause })
  }
}
