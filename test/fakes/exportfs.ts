import { keyOf } from '../../src/nfs/entries.ts'
import { parseExportTable } from '../../src/nfs/exportfs-table.ts'
import { dryRunArgv, lookArgv, readAllArgv, shownArgv, tableArgv } from '../../src/nfs/linux-scripts.ts'
import type { MemoryMachine } from './memory-machine.ts'

/** The live table of a machine in memory: options by `PATH CLIENT`. */
export type LiveTable = Map<string, string>

const DEFAULTS =
  'wdelay,hide,nocrossmnt,no_all_squash,secure_locks,acl,no_pnfs,anonuid=65534,anongid=65534,sec=sys'

/**
 * Makes a machine in memory a Linux NFS server: exportfs, and the shell scripts that look at one.
 *
 * It takes one entry per line and knows no host names, quotes or continuations; the real one is in test/system.
 */
export function installExportfs(machine: MemoryMachine): LiveTable {
  const live: LiveTable = new Map()
  machine.programs.set('exportfs', (argv, _options, at) => exportfs(live, argv, at))
  const others = machine.programs.get('sh')
  machine.programs.set('sh', (argv, options, at) => {
    const script = argv.slice(2).join('\n')
    if (argv[2] === tableArgv()[2]) return { stdout: `U 0\n${etab(live)}` }
    if (script === shownArgv.slice(2).join('\n')) return { stdout: `${tag('L', live)}${etab(live)}` }
    if (script === dryRunArgv.slice(2).join('\n')) return { stdout: trial(readFile(options.input ?? '')) }
    if (script === readAllArgv.slice(2).join('\n')) return { stdout: trial(readFiles(at)) }
    if (
      script ===
      lookArgv(argv[4] ?? '')
        .slice(2)
        .join('\n')
    )
      return { stdout: look(live, readFiles(at, argv[4]), options.input ?? '') }
    return others?.(argv, options, at)
  })
  return live
}

function exportfs(live: LiveTable, [, ...argv]: readonly string[], machine: MemoryMachine) {
  if (argv[0] === '-ra') {
    live.clear()
    for (const [key, options] of readFiles(machine)) live.set(key, options)
    return {}
  }
  const targets = (argv[0] === '-u' ? argv.slice(1) : argv.slice(3)).map((word) => {
    const at = word.indexOf(':')
    return keyOf({ client: word.slice(0, at), path: word.slice(at + 1) })
  })
  if (argv[0] === '-i') for (const key of targets) live.set(key, argv[2] ?? '')
  const missing = argv[0] === '-u' ? targets.filter((key) => !live.delete(key)) : []
  return {
    exitCode: missing.length > 0 ? 1 : 0,
    stderr: missing.map((key) => `exportfs: Could not find '${key}' to unexport.\n`).join(''),
  }
}

function readFiles(machine: MemoryMachine, hidden?: string): LiveTable {
  const paths = [...machine.files.keys()].filter(
    (path) => path === '/etc/exports' || /^\/etc\/exports\.d\/[^./][^/]*\.exports$/.test(path),
  )
  const tables = paths
    .filter((path) => path !== hidden)
    .toSorted()
    .map((path) => readFile(machine.files.get(path)?.content ?? ''))
  // Of two lines for one path and client the first wins.
  return new Map(tables.toReversed().flatMap((table) => [...table]))
}

const readFile = (text: string): LiveTable =>
  new Map(
    parseExportTable(text.replaceAll(/^#.*$/gm, '')).map((entry) => [
      keyOf(entry),
      [...entry.options].join(','),
    ]),
  )

const tag = (letter: string, table: LiveTable) =>
  [...table].map(([key, options]) => `${letter} ${key.replace(' ', '\t')}(${spell(options)})\n`).join('')

/** The options as an etab has them: with all defaults, each once. */
export const spell = (options: string) =>
  [...new Set([...DEFAULTS.split(','), ...options.split(',')])].toSorted().join(',')

const etab = (live: LiveTable) => `F /var/lib/nfs\n${tag('E', live)}`

const trial = (table: LiveTable) => `O =ready\nO =exit 0\n${tag('O', table)}`

function look(live: LiveTable, others: LiveTable, input: string): string {
  const paths = input.split('\n').filter((path) => path !== '')
  return [
    etab(live),
    'O =ready\n',
    tag('O', others),
    'D 21 1 8:1 / / rw - ext4 /dev/sda1 rw\nD 22 21 8:2 / /srv rw - ext4 /dev/sda2 rw\n',
    ...paths.map((path) => `T ${path} directory\nR ${path}\n`),
  ].join('')
}
