import { composeCmdline } from '../../src/boot/cmdline.ts'
import type { BootFacts } from '../../src/boot/facts.ts'
import { simulate } from '../../src/dhcp/simulate.ts'
import type { KernelVerdict } from '../../src/kernel/verdict.ts'
import { type Guest, isWritable } from '../../src/model/inventory.ts'
import { templatesWith } from './templates.ts'

const templates = templatesWith()

export const known = <T>(value: T) => ({ kind: 'known', value }) as const
export const unknown = (reason: string) => ({ kind: 'unknown', reason }) as const

export const kernelVerdict = (over: Partial<KernelVerdict> = {}): KernelVerdict => ({
  path: '/boot/vmlinuz-nfsroot',
  version: '6.1.0',
  arch: 'x86_64',
  source: 'config',
  verdict: 'in-kernel',
  boots: { pv: true, pvh: true },
  migrates: true,
  findings: [],
  fragment: '',
  ...over,
})

/** The server lets the guest mount its root. */
export const mounted = known({ isOk: true, detail: 'it lets the guest mount, and /sbin/init is there' })

const rendered = (guest: Guest) => templates.domainXl(guest, composeCmdline(guest))

/** A world in which a guest boots; a test spoils only what matters to it. */
export function bootFacts(guest: Guest, over: Partial<BootFacts> = {}): BootFacts {
  const { domain, image, network } = guest
  const content = rendered(guest)
  const access = isWritable(image) ? 'rw' : 'ro'
  return {
    kernel: known(kernelVerdict()),
    config: { file: { kind: 'file', content, mode: 0o644 }, rendered: content },
    dhcp: known({
      simulation: simulate(guest, domain.mac, domain.boot === 'bootp' ? 'bootp' : 'kernel'),
    }),
    exports: known([
      { path: image.path, client: domain.address, options: new Set([access, 'sync', 'no_root_squash']) },
    ]),
    image: {
      path: {
        kind: 'directory',
        realpath: image.path,
        fileSystem: '1',
        fileSystemType: 'ext4',
        mountPoint: '/srv',
        isOnRoot: false,
      },
      tree: known({
        init: '/sbin/init',
        arch: 'x86_64',
        loader: { path: '/lib64/ld-linux-x86-64.so.2', isThere: true },
        fstab: 'tmpfs /tmp tmpfs defaults 0 0\n',
        interfaces: undefined,
        networkManager: undefined,
        networkd: undefined,
        isSystemd: false,
        hasOsRelease: true,
        machineId: undefined,
        hostKeys: [],
      }),
    },
    server: known({ nfs: true, rpcbind: true, mountd: true, lookup: mounted }),
    host: known({
      bridges: known([network.bridge]),
      hasVifScript: true,
      info: known({
        host: 'h1',
        version: '4.17.7',
        freeMemoryMiB: 4096,
        totalMemoryMiB: 8192,
        cpus: 4,
        xenCaps: ['xen-3.0-x86_64', 'hvm-3.0-x86_64'],
        virtCaps: ['pv', 'hvm'],
        commandLine: '',
      }),
      running: [],
      silent: [],
    }),
    claim: known(undefined),
    breaches: [],
    ...over,
  }
}

/** The facts with the text of the config on the host changed. */
export function withConfig(guest: Guest, change: (text: string) => string): Partial<BootFacts> {
  const text = rendered(guest)
  return { config: { file: { kind: 'file', content: change(text), mode: 0o644 }, rendered: text } }
}
