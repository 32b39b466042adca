import { Command, Option } from 'commander'
import type { KernelPaths } from '../kernel/acquire.ts'
import type { KernelRequest } from '../kernel/request.ts'
import type { KernelVerdict } from '../kernel/verdict.ts'
import type { MachineAddress } from '../model/grammar.ts'
import { settingsOf, withJobs } from './open.ts'
import { out, outJson } from './output.ts'

interface CheckOptions extends KernelRequest {
  initrd?: string
  host?: string
  json?: boolean
}

interface FragmentOptions extends Pick<KernelRequest, 'type' | 'boot' | 'nfs'> {
  migration?: boolean
  systemd?: boolean
  selfDescribing?: boolean
}

/** `domus kernel check PATH` and `domus kernel fragment`. */
export function kernelCommand(): Command {
  return new Command('kernel')
    .description('what a guest kernel can do, and how to configure one')
    .addCommand(checkCommand())
    .addCommand(fragmentCommand())
}

const typeOption = () => new Option('--type <type>', 'guest type').choices(['pv', 'pvh'])
const bootOption = () =>
  new Option('--boot <how>', 'how the guest gets its address (default: static)').choices([
    'static',
    'dhcp',
    'bootp',
  ])
const nfsOption = () =>
  new Option('--nfs <version>', 'NFS version of the root (default: 3)').choices([
    '3',
    '4',
    '4.0',
    '4.1',
    '4.2',
  ])

function checkCommand(): Command {
  return new Command('check')
    .description('say whether a guest with this kernel can mount its root over NFS')
    .argument('<path>', '.config, config.gz, /proc/config.gz, vmlinux, bzImage, or - for standard input')
    .option('--initrd <file>', 'judge it together with this initramfs')
    .addOption(typeOption())
    .addOption(bootOption())
    .addOption(nfsOption())
    .addOption(new Option('--userland <kind>', 'what runs on the root').choices(['systemd', 'ia32']))
    .option('--host <host>', 'the files lie there: a host that is recorded, or ssh://[user@]name[:port]')
    .option('--json', 'one JSON document on standard output')
    .action(
      async (
        path: string,
        { initrd, host, json, ...given }: CheckOptions,
        command: Command,
      ): Promise<void> => {
        const request = { ...given, nfs: minor(given.nfs) }
        const verdict = await (host === undefined
          ? checkHere({ path, initrd }, request)
          : checkOn(command, host, { path, initrd }, request))
        if (json) outJson(verdict)
        else out((await import('../kernel/describe.ts')).describeVerdict(verdict))
        if (verdict.verdict === 'no' || verdict.verdict === 'undetermined') process.exitCode = 3
      },
    )
}

async function checkHere(paths: KernelPaths, request: KernelRequest): Promise<KernelVerdict> {
  const { readKernel } = await import('../kernel/acquire.ts')
  const { checkKernel } = await import('../kernel/check.ts')
  const { localKernelFiles } = await import('../kernel-files.ts')
  const { loadKernelData } = await import('../kernel-data.ts')
  const { localUnpackers } = await import('../kernel-programs.ts')
  const [input, data] = await Promise.all([
    readKernel(paths, localKernelFiles, localUnpackers),
    loadKernelData(),
  ])
  return checkKernel(input, request, data)
}

/** Reads the files over ssh, and judges them here. */
async function checkOn(
  command: Command,
  host: string,
  paths: KernelPaths,
  request: KernelRequest,
): Promise<KernelVerdict> {
  const { openTools } = await import('../app.ts')
  const { judgeOn } = await import('../service/kernels.ts')
  for (const path of [paths.path, paths.initrd]) await refuseHere(path)
  const address = await machineOf(command, host)
  const tools = openTools(await settingsOf(command))
  try {
    return await judgeOn(tools, tools.machines(address), paths, request)
  } finally {
    await tools.close()
  }
}

async function refuseHere(path: string | undefined): Promise<void> {
  if (path === undefined || path.startsWith('/')) return
  const { DomusError } = await import('../errors.ts')
  throw new DomusError('invalid-input', `with --host a path is absolute, and ${path} is not`)
}

/** The machine of a host by its name, or the address itself. */
async function machineOf(command: Command, host: string): Promise<MachineAddress> {
  const { machine } = await import('../model/grammar.ts')
  const address = machine.safeParse(host)
  if (address.success) return address.data
  const inventory = await withJobs(command, (jobs) => jobs.inventory(), 'reader')
  const found = inventory.hosts.get(host)
  if (found !== undefined) return found.machine
  const { DomusError } = await import('../errors.ts')
  const known = [...inventory.hosts.keys()].join(', ') || 'none'
  throw new DomusError(
    'not-found',
    `no host ${host}; known: ${known}; a machine that is not recorded is named ssh://${host}`,
  )
}

function fragmentCommand(): Command {
  return new Command('fragment')
    .description('print the fragment of a kernel configuration that such a guest needs')
    .addOption(typeOption())
    .addOption(bootOption())
    .addOption(nfsOption())
    .option('--migration', 'also what save, restore and live migration need')
    .option('--systemd', 'also what a systemd userland needs')
    .option('--self-describing', 'also carry the configuration inside the image')
    .action(async ({ type, boot, nfs, ...more }: FragmentOptions) => {
      const { loadFragment } = await import('../kernel-data.ts')
      const features = [
        ...(more.migration ? (['migration'] as const) : []),
        ...(more.systemd ? (['systemd'] as const) : []),
        ...(more.selfDescribing ? (['selfdescribing'] as const) : []),
      ]
      out(await loadFragment({ type, boot, nfs: minor(nfs), features }))
    })
}

// 4 alone means 4.0, as for mount.
function minor(nfs: string | undefined): KernelRequest['nfs'] {
  return nfs === '4' ? '4.0' : (nfs as KernelRequest['nfs'])
}
