import { Command, Option } from 'commander'
import type { KernelRequest } from '../kernel/request.ts'
import { out, outJson } from './output.ts'

interface CheckOptions extends KernelRequest {
  initrd?: string
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
    .option('--json', 'one JSON document on standard output')
    .action(async (path: string, { initrd, json, ...request }: CheckOptions) => {
      const { readKernel } = await import('../kernel/acquire.ts')
      const { checkKernel } = await import('../kernel/check.ts')
      const { localKernelFiles } = await import('../kernel-files.ts')
      const { loadKernelData } = await import('../kernel-data.ts')
      const { localUnpackers } = await import('../kernel-programs.ts')
      const [input, data] = await Promise.all([
        readKernel({ path, initrd }, localKernelFiles, localUnpackers),
        loadKernelData(),
      ])
      const verdict = checkKernel(input, { ...request, nfs: minor(request.nfs) }, data)
      if (json) outJson(verdict)
      else out((await import('../kernel/describe.ts')).describeVerdict(verdict))
      if (verdict.verdict === 'no' || verdict.verdict === 'undetermined') process.exitCode = 3
    })
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
