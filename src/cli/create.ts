import { Command, Option } from 'commander'
import type { ChangeRequest } from '../service/jobs.ts'
import { type ChangeOptions, runCommand } from './change.ts'
import { collected, wholeNumber } from './options.ts'

interface CreateOptions extends ChangeOptions {
  image: string
  host: string
  network?: string
  kernel?: string
  address?: string
  boot?: string
  memory?: number
  vcpus?: number
  mac?: string
  uuid?: string
  nfs?: string
  nfsOptions?: string
  cmdlineExtra?: string
  autostart?: boolean
  start?: boolean
  force?: string[]
}

/** `domus create NAME`: one domain, or many by a hostlist, from nothing to booted. */
export function createCommand(): Command {
  return new Command('create')
    .description('make a domain, or many: web[01-20]')
    .argument('<name>', 'name or hostlist')
    .requiredOption('--image <image>', 'image it boots from')
    .requiredOption('--host <host>', 'dom0 it runs on')
    .option('--network <network>', 'network (the only one when left out)')
    .option('--kernel <kernel>', 'kernel (the only one when left out)')
    .option('--address <address>', 'IPv4 address (the lowest free one when left out)')
    .addOption(
      new Option('--boot <way>', 'where the guest gets its address').choices(['static', 'dhcp', 'bootp']),
    )
    .option('--memory <MiB>', 'memory in MiB', wholeNumber)
    .option('--vcpus <n>', 'virtual CPUs', wholeNumber)
    .option('--mac <mac>', 'MAC address (derived from site and name when left out)')
    .option('--uuid <uuid>', 'UUID (derived from site and name when left out)')
    .option('--nfs <version>', 'NFS version: 3, 4.0, 4.1, 4.2')
    .option('--nfs-options <options>', 'more NFS mount options')
    .option('--cmdline-extra <text>', 'more words for the kernel command line')
    .option('--autostart', 'start it when its host boots')
    .option('--start', 'start it')
    .option(
      '--force <link>',
      'with --start: start although this link of the boot fails; may be repeated',
      collected,
    )
    .option('-n, --dry-run', 'show the plan and change nothing')
    .option('--json', 'one JSON document on standard output')
    .action(async (name: string, options: CreateOptions, command: Command) => {
      const names = await namesOf(name)
      const request: ChangeRequest = {
        kind: 'create',
        names,
        domain: domainOf(options),
        ...(options.start && { start: true }),
        ...(options.force && { force: options.force }),
      }
      await runCommand(command, request, options)
    })
}

async function namesOf(text: string): Promise<string[]> {
  const { expandHostlist } = await import('../model/hostlist.ts')
  const names = expandHostlist(text)
  if (names) return names
  const { DomusError } = await import('../errors.ts')
  throw new DomusError('invalid-input', `${text} is not a name or a hostlist such as web[01-20]`)
}

function domainOf(options: CreateOptions): Record<string, unknown> {
  const fields = {
    image: options.image,
    host: options.host,
    network: options.network,
    kernel: options.kernel,
    address: options.address,
    boot: options.boot,
    memoryMiB: options.memory,
    vcpus: options.vcpus,
    mac: options.mac,
    uuid: options.uuid,
    nfsVersion: options.nfs,
    nfsOptions: options.nfsOptions,
    cmdlineExtra: options.cmdlineExtra,
    autostart: options.autostart,
  }
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}
