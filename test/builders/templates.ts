import { readFileSync } from 'node:fs'
import { compileTemplates, type ReadTemplate } from '../../src/render/templates.ts'

export const builtIn = (file: string) =>
  readFileSync(new URL(`../../templates/${file}`, import.meta.url), 'utf8')

/** The project's own templates, or with the given ones in their place. */
export const templatesWith = (overrides: Record<string, ReturnType<ReadTemplate>> = {}) =>
  compileTemplates((file) => overrides[file] ?? builtIn(file))
