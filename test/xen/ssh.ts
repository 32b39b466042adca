import { chmod, copyFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { LabArtefacts } from './artefacts/lab-artefacts.ts'
import { inNamespace } from './namespace.ts'
import {
  addressOf,
  type HostNumber,
  hostNumbers,
  type LabSettings,
  MAX_HOSTS,
  sshConfigOf,
} from './settings.ts'

/**
 * Writes the run folder's ssh_config, by which `ssh -F` reaches both dom0s from the lab's network, by address or
 * as xen1 and xen2. Host keys are known beforehand and checked.
 */
export async function writeSshConfig(lab: LabSettings, artefacts: LabArtefacts): Promise<void> {
  const key = join(lab.runFolder, 'id_ed25519')
  const known = join(lab.runFolder, 'known_hosts')
  await copyFile(artefacts.sshKey, key)
  await chmod(key, 0o600)
  await copyFile(artefacts.knownHosts, known)
  const blocks = hostNumbers(MAX_HOSTS).map((host) => hostBlock(host, key, known))
  await writeFile(sshConfigOf(lab), blocks.join('\n'))
}

function hostBlock(host: HostNumber, key: string, known: string): string {
  return [
    `Host ${addressOf(host)} xen${host}`,
    `  HostName ${addressOf(host)}`,
    '  User root',
    `  IdentityFile ${key}`,
    '  IdentitiesOnly yes',
    `  UserKnownHostsFile ${known}`,
    '  GlobalKnownHostsFile /dev/null',
    '  StrictHostKeyChecking yes',
    '',
  ].join('\n')
}

/** The command line that runs `argv` in the dom0 of a host, over one connection that all calls share. */
export function sshCommand(
  lab: LabSettings,
  host: HostNumber,
  argv: readonly string[],
): readonly [string, readonly string[]] {
  const shared = ['ControlMaster=auto', `ControlPath=${join(lab.runFolder, 'ssh-%h')}`, 'ControlPersist=60']
  const options = shared.flatMap((option) => ['-o', option])
  return inNamespace(lab, ['ssh', '-F', sshConfigOf(lab), ...options, `xen${host}`, '--', shellText(argv)])
}

/** The same for a person: words as ssh takes them, for the remote shell to read; none for a session. */
export function sshSession(
  lab: LabSettings,
  host: HostNumber,
  words: readonly string[],
): readonly [string, readonly string[]] {
  return inNamespace(lab, ['ssh', '-F', sshConfigOf(lab), `xen${host}`, ...words])
}

function shellText(argv: readonly string[]): string {
  return argv.map(quoteWord).join(' ')
}

/** One word of a command line as the remote shell reads it. */
function quoteWord(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
