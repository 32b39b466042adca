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
  migrateArgv: (domain, to) => ['xl', 'migrate', ...sshTo(domain, to)],

  listArgv: ['xl', 'list', '-l'],
  parseList,
  statesArgv: ['xl', 'list', '-v'],
  parseStates,
  infoArgv: ['xl', 'info'],
  parseInfo,
}

const SSH_MACHINE = /^ssh:\/\/(?:([a-z_][a-z0-9_-]*)@)?([A-Za-z0-9][A-Za-z0-9.-]*)(?::(\d+))?$/

/**
 * The `-s COMMAND HOST` of `xl migrate`. xl hands both to `sh -c` (xl_migrate.c: create_migration_child), so
 * nothing but the model's grammar of machines may get there.
 */
function sshTo(domain: string, to: MachineAddress): string[] {
  const [, user, host, port] = SSH_MACHINE.exec(to) ?? []
  if (host === undefined) {
    throw new DomusError(
      'refused',
      `domain ${domain} cannot migrate to machine ${to}: xl reaches the target by ssh, so its host needs machine: ssh://…`,
    )
  }
  const command = ['ssh', '-o BatchMode=yes', port && `-p ${port}`, user && `-l ${user}`]
  return ['-s', command.filter(Boolean).join(' '), domain, host]
}
