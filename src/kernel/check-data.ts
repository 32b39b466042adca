import type { KernelData } from './check.ts'
import { parseDependencyTables } from './dependencies.ts'
import { parseInitramfsTable } from './initramfs/table.ts'
import { parseRules } from './rules.ts'

/**
 * Checks the parsed JSON files of `kernel-configs/`, given by their path in it.
 *
 * @throws DomusError 'invalid-input' with the place of every mistake
 */
export function checkData(files: Readonly<Record<string, unknown>>): KernelData {
  const of = (folder: string) =>
    Object.fromEntries(Object.entries(files).filter(([file]) => file.startsWith(folder)))
  return {
    rules: parseRules(of('rules/')),
    dependencies: parseDependencyTables(of('deps/')),
    initramfs: parseInitramfsTable('initramfs.json', files['initramfs.json']),
  }
}
