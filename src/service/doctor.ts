import { describeError } from '../errors.ts'
import type { Machine } from '../machine/machine.ts'
import type { Tools } from './app.ts'

/** One thing this machine has or lacks. */
export interface Finding {
  readonly check: string
  readonly status: 'ok' | 'warn' | 'fail'
  readonly detail: string
  readonly fix?: string
}

interface Program {
  readonly argv: readonly string[]
  readonly neededFor: string
  readonly fix: string
  /** The part of the output that is its version. */
  readonly version?: RegExp
}

const PROGRAMS: Readonly<Record<string, Program>> = {
  xl: {
    argv: ['xl', 'info'],
    neededFor: 'starting domUs here',
    fix: 'boot under Xen and install xen-utils',
    version: /^xen_version\s*:\s*(\S+)/m,
  },
  exportfs: { argv: ['exportfs', '-s'], neededFor: 'exporting from here', fix: 'install nfs-kernel-server' },
  unshare: {
    argv: ['unshare', '--version'],
    neededFor: 'trying exports before they are put in place',
    fix: 'install util-linux',
    version: /(\d[\d.]+)/,
  },
  flock: {
    argv: ['flock', '--version'],
    neededFor: 'locks that die with their owner',
    fix: 'install util-linux',
    version: /(\d[\d.]+)/,
  },
  ssh: {
    argv: ['ssh', '-V'],
    neededFor: 'hosts and servers elsewhere',
    fix: 'install openssh-client',
    version: /OpenSSH_(\S+?),?\s/,
  },
}

/** Looks at this machine: programs and versions, permissions, the DHCP port. Changes nothing. */
export async function examine(tools: Tools): Promise<Finding[]> {
  const machine = tools.machines('local')
  const programs = Object.entries(PROGRAMS).map(([name, program]) => examineProgram(machine, name, program))
  return Promise.all([examineUser(machine), ...programs, examinePort(machine)])
}

async function examineProgram(
  machine: Machine,
  name: string,
  { argv, neededFor, fix, version }: Program,
): Promise<Finding> {
  try {
    const { exitCode, stdout, stderr } = await machine.run(argv, { timeoutMs: 10_000 })
    const found = version?.exec(stdout + stderr)?.[1]
    if (exitCode === 0) return { check: name, status: 'ok', detail: found ?? 'there' }
    return {
      check: name,
      status: 'warn',
      detail: `${argv.join(' ')}: ${(stderr || stdout).trim().split('\n')[0]}; needed for ${neededFor}`,
      fix,
    }
  } catch (error) {
    return { check: name, status: 'warn', detail: `${describeError(error)}; needed for ${neededFor}`, fix }
  }
}

async function examineUser(machine: Machine): Promise<Finding> {
  const { stdout } = await machine.run(['id', '-u'])
  if (stdout.trim() === '0') return { check: 'user', status: 'ok', detail: 'root' }
  return {
    check: 'user',
    status: 'warn',
    detail: `uid ${stdout.trim()}: plan, render, simulate and ssh work; local xl and exportfs need root`,
    fix: 'run as root, or let the service run as root and talk to its socket',
  }
}

/** Who listens on UDP port 67: /proc/net/udp has it in hex, 0043. */
async function examinePort(machine: Machine): Promise<Finding> {
  const table = await machine.readFile('/proc/net/udp')
  const isTaken = /^\s*\d+: [0-9A-F]{8}:0043 /m.test(table?.content ?? '')
  if (!isTaken) return { check: 'udp port 67', status: 'ok', detail: 'free' }
  return {
    check: 'udp port 67',
    status: 'warn',
    detail:
      'a DHCP server listens already; ours can stand beside it only when that one is bound to its own bridges',
    fix: 'dnsmasq: --bind-dynamic; others: listen on their own interface only',
  }
}
