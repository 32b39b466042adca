import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { DependencyTable } from '../../src/kernel/dependencies.ts'
import { FragmentTable } from '../../src/kernel/fragments.ts'
import { InitramfsTable } from '../../src/kernel/initramfs/table.ts'
import { RuleFile } from '../../src/kernel/rules.ts'
import { kernelDataDigest, kernelDataTexts } from '../../src/kernel-data.ts'

const SCHEMAS = {
  rules: RuleFile,
  fragments: FragmentTable,
  initramfs: InitramfsTable,
  deps: DependencyTable,
}

/** The JSON schemas of `kernel-configs/`, for editors: by file name, as text. */
export function kernelSchemas(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(SCHEMAS).map(([name, schema]) => [
      `${name}.schema.json`,
      `${JSON.stringify(z.toJSONSchema(schema, { io: 'input' }), null, 2)}\n`,
    ]),
  )
}

if (import.meta.main) {
  const folder = join(import.meta.dirname, '../../kernel-configs')
  for (const [name, text] of Object.entries(kernelSchemas())) writeFileSync(join(folder, name), text)
  writeFileSync(join(folder, 'checked.crc32'), `${kernelDataDigest(kernelDataTexts())}\n`)
}
