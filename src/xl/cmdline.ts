import { type Settings, textOf } from './settings.ts'

/**
 * The command line that xl gives to the kernel: `cmdline` alone, or else `root=ROOT EXTRA`; undefined is none.
 *
 * @see tools/xl/xl_parse.c: parse_cmdline
 */
export function cmdlineAsXl(settings: Settings): string | undefined {
  const cmdline = textOf(settings, 'cmdline')
  if (cmdline !== undefined) return cmdline
  const root = textOf(settings, 'root')
  const extra = textOf(settings, 'extra')
  if (root === undefined) return extra
  return extra === undefined ? `root=${root}` : `root=${root} ${extra}`
}
