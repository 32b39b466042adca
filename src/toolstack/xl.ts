import { composeCmdline } from '../boot/cmdline.ts'
import { DomusError } from '../errors.ts'
import type { MachineAddress } from '../model/grammar.ts'
import type { Toolstack } from './toolstack.ts'
import { parseInfo } from './xl-info.ts'
import { parseList } from './xl-list.ts'
import { parseStates } from './xl-states.ts'

/** Xen's own toolstack, 4.4 and newer. */
export const xl: Toolstack = {
  configPath: (domain) => `/etc/xen/${domain}.cfg`,
  autostartPath: (domain) => `/etc/xen/auto/${domain}.cfg`,
  consoleLogPath: (domain) => `/var/log/xen/console/guest-${domain}.log`,
  render: (guest, templates, dialect) =>
    templates.domainXl(guest, composeCmdline(guest, dialect === undefined ? {} : { dialect })),

  // xl leaves a monitor behind that restarts the guest when it reboots. It has a session of its own, but
  // systemd ends all of a service's processes with the service: so there it gets a scope of its own. The
  // scope has no name of ours: the one of the domain's last life may not be gone yet.
  startArgv: (configPath, domain, { systemd }) =>
    systemd
      ? [
          'systemd-run',
          '--scope',
          '--quiet',
          '--collect',
          `--description=xl monitor of domain ${domain}`,
          '--',
          'xl',
          'create',
          configPath,
        ]
      : ['xl', 'create', configPath],
  shutdownArgv: (domain) => ['xl', 'shutdown', domain],
  rebootArgv: (domain) => ['xl', 'reboot', domain],
  destroyArgv: (domain) => ['xl', 'destroy', domain],
  consoleArgv: (domain) => ['xl', 'console', domain],
  // With -vvv xl tells when the guest is suspended, which is when its pause begins.
  migrateArgv: (domain, to, { config } = {}) => {
    const { host, command } = sshTo(to)
    return [
      'xl',
      '-vvv',
      'migrate',
      ...(config === undefined ? [] : ['-C', config]),
      '-s',
      command.join(' '),
      domain,
      host,
    ]
  },
  migrateShell: (to) => {
    const { host, command } = sshTo(to)
    return [...command, host]
  },
  incomingName: (domain) => `${domain}--incoming`,
  awayName: (domain) => `${domain}--migratedaway`,
  renameArgv: (from, to) => ['xl', 'rename', from, to],
  unpauseArgv: (domain) => ['xl', 'unpause', domain],
  resumeArgv: (domid) => ['sh', '-c', RESUME, 'sh', String(domid)],

  listArgv: ['xl', 'list', '-l'],
  parseList,
  statesArgv: ['xl', 'list', '-v'],
  parseStates,
  infoArgv: ['xl', 'info'],
  parseInfo,
}

const SSH_MACHINE =
  /^ssh:\/\/(?:([a-z_][a-z0-9_-]*)@)?([A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)(?::(\d+))?$/

/** A target that is gone must not hold the guest suspended until TCP gives up. */
const SSH = ['ssh', '-o', 'BatchMode=yes', '-o', 'ConnectTimeout=30', '-o', 'ServerAliveInterval=5']

/**
 * The `-s COMMAND HOST` of `xl migrate`. xl hands both to `sh -c` (xl_migrate.c: create_migration_child), so
 * nothing but the model's grammar of machines may get there.
 */
function sshTo(to: MachineAddress): { host: string; command: string[] } {
  const [, user, host, port] = SSH_MACHINE.exec(to) ?? []
  if (host === undefined) {
    throw new DomusError(
      'refused',
      `xl reaches the target by ssh, and ${to} is no address for that: give its host machine: ssh://… or migrateAddress`,
    )
  }
  const options = [port && ['-p', port], user && ['-l', user]].flatMap((option) => option || [])
  return { host, command: [...SSH, ...options] }
}

/**
 * DOMID: xl has a verb for it since 4.21; before, what libxl_domain_resume does is done by the Python modules of the
 * same Xen: the hypervisor lets the guest run on, and xenstored forgets that it had ended.
 */
const RESUME = `
if xl help resume 2>/dev/null | grep -q 'xl resume'; then exec xl resume "$1"; fi
v=$(xl info 2>/dev/null | sed -n 's/^xen_version *: *\\([0-9]*\\.[0-9]*\\).*/\\1/p')
PYTHONPATH=/usr/lib/xen-$v/lib/python:/usr/lib/xen/lib/python:$PYTHONPATH exec python3 -c '
import sys
from xen.lowlevel import xc, xs
domid = int(sys.argv[1])
xc.xc().domain_resume(domid, 1)
xs.xs().resume_domain(domid)
' "$1"`
