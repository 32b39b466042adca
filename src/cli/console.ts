import type { Command } from 'commander'
import { execa } from 'execa'
import { DomusError } from '../errors.ts'
import type { Inventory } from '../model/inventory.ts'
import { settingsOf } from './open.ts'

/**
 * Joins this terminal to a domain's console; resolves with the exit code of `xl console`.
 *
 * @throws DomusError 'not-found' when there is no such domain
 */
export async function attachConsole(inventory: Inventory, name: string, command: Command): Promise<number> {
  const domain = inventory.domains.get(name)
  const host = domain && inventory.hosts.get(domain.host)
  if (!host)
    throw new DomusError(
      'not-found',
      `no domain ${name}; known: ${[...inventory.domains.keys()].join(', ') || 'none'}`,
    )
  const argv = ['xl', 'console', name]
  const [file = '', ...args] =
    host.machine === 'local' ? argv : sshWords(host.machine, argv, (await settingsOf(command)).sshConfig)
  const { exitCode } = await execa(file, args, { stdio: 'inherit', reject: false })
  return exitCode ?? 1
}

// Names follow the grammar: nothing here needs quoting for the remote shell.
function sshWords(address: string, argv: readonly string[], config: string | undefined): string[] {
  const { username, hostname, port } = new URL(address)
  const target = username === '' ? hostname : `${username}@${hostname}`
  return [
    'ssh',
    ...(config === undefined ? [] : ['-F', config]),
    '-t',
    ...(port === '' ? [] : ['-p', port]),
    '--',
    target,
    ...argv,
  ]
}
