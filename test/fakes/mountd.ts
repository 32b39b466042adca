import { logSizeArgv, lookArgv, reloadArgv, resultArgv } from '../../src/nfs/freebsd-scripts.ts'
import { readMountd } from '../../src/nfs/mountd.ts'
import type { MemoryMachine } from './memory-machine.ts'

/** What mountd of a machine in memory exports, and what it has logged. */
export interface FakeMountd {
  /** Clients by directory. */
  exported: Map<string, readonly string[]>
  log: string
  /** So many looks see the old table after a signal. */
  lag: number
  /** How a client is shown; by its address when absent. */
  nameOf(client: string): string
}

/** Makes a machine in memory a FreeBSD NFS server, after the model of mountd's rules; each /srv/NAME is a dataset. Its file is read. */
export function installMountd(machine: MemoryMachine): FakeMountd {
  const mountd: FakeMountd = { exported: new Map(), log: 'Nov  1 boot\n', lag: 0, nameOf: (client) => client }
  let pending = mountd.exported
  let looks = 0
  const read = () => {
    const text = machine.files.get('/etc/exports')?.content ?? ''
    const { exports, faults } = readMountd(text, (path) => path.split('/').slice(0, 3).join('/'))
    const bad = new Set(faults.map(({ line }) => line))
    for (const { line } of faults)
      mountd.log += `Nov  1 mountd[7]: bad exports list line ${text.split('\n')[line - 1]}\n`
    pending = new Map()
    for (const { line, directories, clients } of exports)
      for (const path of bad.has(line) ? [] : directories)
        pending.set(path, [
          ...(pending.get(path) ?? []),
          ...clients.map((one) => one.replace('-network=', '')),
        ])
  }
  read()
  const table = () => {
    if (looks-- <= 0) mountd.exported = pending
    const lines = [...mountd.exported].map(
      ([path, clients]) =>
        `L ${path}   ${clients.map((client) => mountd.nameOf(client)).join(' ') || 'Everyone'}\n`,
    )
    return `L Exports list on localhost:\n${lines.join('')}`
  }
  const is = (argv: readonly string[], script: readonly string[]) => argv[2] === script[2]
  machine.programs.set('sleep', () => ({}))
  machine.programs.set('sh', (argv, options) => {
    if (is(argv, logSizeArgv)) return { stdout: `S ${mountd.log.length}\n` }
    if (is(argv, reloadArgv)) {
      read()
      looks = mountd.lag
      return {}
    }
    if (is(argv, resultArgv(0))) {
      const said = mountd.log
        .slice(Number(argv[4]))
        .split('\n')
        .filter((line) => line.includes('mountd'))
      return { stdout: `${table()}${said.map((line) => `G ${line}\n`).join('')}` }
    }
    if (is(argv, lookArgv)) {
      const paths = (options.input ?? '').split('\n').filter((path) => path !== '')
      const mounts = new Set(paths.map((path) => path.split('/').slice(0, 3).join('/')))
      return {
        stdout: [
          table(),
          'D zroot/root / zfs rw 0 0\n',
          ...[...mounts].map((mount) => `D zroot${mount} ${mount} zfs rw 0 0\n`),
          ...paths.map((path) => `T ${path} Directory\nR ${path}\n`),
        ].join(''),
      }
    }
    return { exitCode: 127, stderr: 'sh: not found\n' }
  })
  return mountd
}
