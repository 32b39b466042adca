import { type Program, run, start } from './programs.ts'

/** A client that takes the host name from an answer must not rename the machine. */
const OWN_NAME = ['unshare', '--uts']

/** A host with bridges in a network namespace of its own, and machines on them in theirs. */
export interface Lan {
  /** The namespace of the host. */
  readonly host: string
  addBridge(bridge: Bridge): void
  removeBridge(name: string): void
  /** A machine with one network card `eth0` on a bridge; its namespace. */
  addMachine(bridge: string, mac: string): string
  /** Joins two namespaces by a wire; the names of its ends are given. */
  addWire(from: { namespace: string; device: string }, to: { namespace: string; device: string }): void
  addNamespace(): string
  start(namespace: string, ...argv: string[]): Program
  run(namespace: string, ...argv: string[]): string
  /** Ends whatever still runs in a namespace: clients leave helpers behind. */
  clear(namespace: string): void
  /** Stops all programs started here and removes every namespace. */
  close(): Promise<void>
}

export interface Bridge {
  readonly name: string
  /** `10.10.0.1/24`; none when absent. */
  readonly address?: string
}

let namespaces = 0

export function openLan(...bridges: readonly Bridge[]): Lan {
  const made: string[] = []
  const programs: Program[] = []

  function addNamespace(): string {
    const name = `dmd${process.pid}n${++namespaces}`
    run('ip', 'netns', 'add', name)
    made.push(name)
    run('ip', '-n', name, 'link', 'set', 'lo', 'up')
    return name
  }

  const host = addNamespace()

  function addBridge({ name, address }: Bridge): void {
    run('ip', '-n', host, 'link', 'add', name, 'type', 'bridge')
    if (address !== undefined) run('ip', '-n', host, 'address', 'add', address, 'dev', name)
    run('ip', '-n', host, 'link', 'set', name, 'up')
  }

  function addMachine(bridge: string, mac: string): string {
    const namespace = addNamespace()
    const port = `dm${namespaces}p`
    addWire({ namespace: host, device: port }, { namespace, device: 'eth0' })
    run('ip', '-n', namespace, 'link', 'set', 'eth0', 'address', mac)
    run('ip', '-n', host, 'link', 'set', port, 'master', bridge)
    return namespace
  }

  function addWire(from: { namespace: string; device: string }, to: { namespace: string; device: string }) {
    const ends = [
      from.namespace,
      'link',
      'add',
      from.device,
      'type',
      'veth',
      'peer',
      'name',
      to.device,
      'netns',
      to.namespace,
    ]
    run('ip', '-n', ...ends)
    for (const { namespace, device } of [from, to]) run('ip', '-n', namespace, 'link', 'set', device, 'up')
  }

  function clear(namespace: string): void {
    // Those that are killed may be starting others: until nobody is left.
    for (;;) {
      const pids = run('ip', 'netns', 'pids', namespace)
        .split('\n')
        .filter((pid) => pid !== '')
      if (pids.length === 0) return
      for (const pid of pids) killIfThere(Number(pid))
    }
  }

  for (const bridge of bridges) addBridge(bridge)
  return {
    host,
    addBridge,
    removeBridge: (name) => void run('ip', '-n', host, 'link', 'delete', name),
    addMachine,
    addWire,
    addNamespace,
    start(namespace, ...argv) {
      const program = start(['ip', 'netns', 'exec', namespace, ...OWN_NAME, ...argv])
      programs.push(program)
      return program
    },
    run: (namespace, ...argv) => run('ip', 'netns', 'exec', namespace, ...OWN_NAME, ...argv),
    clear,
    async close() {
      for (const namespace of made) if (namespace !== host) clear(namespace)
      await Promise.all(programs.map((program) => program.stop()))
      for (const namespace of made) run('ip', 'netns', 'delete', namespace)
    },
  }
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    const isGone = error instanceof Error && 'code' in error && error.code === 'ESRCH'
    if (!isGone) throw error
  }
}
