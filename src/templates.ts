import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { compileTemplates, type Templates } from './render/templates.ts'

const BUILT_IN = join(import.meta.dirname, '..', 'templates')

/** The built-in templates, each overridden by a file of the same name in `folder` where there is one. */
export const loadTemplates = (folder: string): Templates =>
  compileTemplates((file) => {
    const override = join(folder, file)
    if (existsSync(override)) return { text: readFileSync(override, 'utf8'), from: override }
    return readFileSync(join(BUILT_IN, file), 'utf8')
  })
