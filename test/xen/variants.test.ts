import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import {
  ensureGuestKernels,
  type GuestKernelName,
  type InstalledKernel,
  installGuestKernel,
} from './artefacts/guest-kernels.ts'
import { apply, boot, endGuests, type Fields, menas, notOk, PATIENCE_MS, site, verify } from './menas.ts'
import { serveDomus } from './serve-domus.ts'
import { type Lab, startLab } from './start-lab.ts'

// A guest of which verify has nothing to say boots, whichever way it boots, and finds what verify foretold. The
// short set boots two.

const isAll = process.env.DOMUS_XEN_ALL === '1'

interface Variant {
  /** `nfsroot` is the lab's own, which is on every host. */
  readonly kernel: 'nfsroot' | GuestKernelName
  readonly type: 'pv' | 'pvh'
  readonly boot: 'static' | 'dhcp' | 'bootp'
  readonly nfsVersion: '3' | '4.0' | '4.1' | '4.2'
  readonly access: 'rw' | 'ro'
  readonly memoryMiB?: number
  readonly isInShortSet?: true
}

const variants: readonly Variant[] = [
  { kernel: 'nfsroot', type: 'pvh', boot: 'static', nfsVersion: '3', access: 'rw', isInShortSet: true },
  { kernel: 'nfsroot', type: 'pv', boot: 'dhcp', nfsVersion: '4.2', access: 'ro', isInShortSet: true },
  { kernel: 'nfsroot', type: 'pv', boot: 'bootp', nfsVersion: '3', access: 'rw' },
  { kernel: 'nfsroot', type: 'pvh', boot: 'static', nfsVersion: '4.1', access: 'ro' },
  { kernel: 'nfsroot', type: 'pvh', boot: 'dhcp', nfsVersion: '3', access: 'rw' },
  { kernel: 'nfsroot', type: 'pvh', boot: 'bootp', nfsVersion: '4.0', access: 'rw' },
  { kernel: 'nfsroot', type: 'pv', boot: 'static', nfsVersion: '4.2', access: 'rw' },
  { kernel: 'no-nfs3', type: 'pv', boot: 'dhcp', nfsVersion: '4.1', access: 'rw' },
  { kernel: 'debian', type: 'pv', boot: 'dhcp', nfsVersion: '3', access: 'rw', memoryMiB: 256 },
  { kernel: 'debian-dracut', type: 'pv', boot: 'static', nfsVersion: '4.2', access: 'ro', memoryMiB: 400 },
]

const IMAGES = { rw: 'slack', ro: 'base' }

const siteOf = (variant: Variant, files: InstalledKernel): Fields =>
  site({
    kernels: [
      {
        name: 'tried',
        ...files,
        type: variant.type,
        ...(variant.kernel === 'debian-dracut' && { initramfs: 'dracut' }),
      },
    ],
    domains: [
      menas({
        kernel: 'tried',
        boot: variant.boot,
        nfsVersion: variant.nfsVersion,
        image: IMAGES[variant.access],
        ...(variant.memoryMiB !== undefined && { memoryMiB: variant.memoryMiB }),
      }),
    ],
  })

const foundRoot = ({ access, nfsVersion }: Variant) =>
  new RegExp(
    `^DOMUS-GUEST root=10\\.77\\.0\\.1:/srv/xen/images/${IMAGES[access]} / nfs4? ${access},.*vers=${nfsVersion.replace('.', '\\.')},`,
    'm',
  )

// The kernel's own words, and those of klibc's ipconfig.
const ASKED = {
  static: /^(?!.*(?:Got \S+ answer|complete \(\w+ from))/s,
  dhcp: /Got DHCP answer|complete \(dhcp from 10\.77\.0\.100\)/,
  bootp: /Got BOOTP answer|complete \(bootp from 10\.77\.0\.100\)/,
}

const chosen = variants.filter(({ isInShortSet = false }) => isAll || isInShortSet)
const KERNELS_MS = 1_800_000 // to build them

describe('a guest whose verify is all ok boots', () => {
  let lab: Lab
  let stopService: () => Promise<void>

  beforeAll(async () => {
    lab = await startLab({ hosts: 1 })
    await ensureGuestKernels(
      lab.settings,
      chosen.flatMap(({ kernel }) => (kernel === 'nfsroot' ? [] : [kernel])),
    )
    stopService = await serveDomus(lab)
  }, KERNELS_MS)
  afterEach(() => endGuests(lab))
  afterAll(async () => {
    await stopService()
    await lab.stop()
  })

  test.each(chosen)(
    '$kernel as $type, $boot, NFS $nfsVersion, $access',
    async (variant) => {
      await apply(lab, siteOf(variant, await filesOf(lab, variant)))
      expect(notOk(await verify(lab))).toEqual([])
      const console = await boot(lab)
      expect(console).toMatch(foundRoot(variant))
      expect(console).toMatch(ASKED[variant.boot])
      // dracut gives the address with the server as its peer, and so without a mask.
      const mask = variant.kernel === 'debian-dracut' ? '' : '/24'
      expect(console).toMatch(new RegExp(`^DOMUS-GUEST address=10\\.77\\.0\\.50${mask}$`, 'm'))
    },
    3 * PATIENCE_MS,
  )
})

const filesOf = async (lab: Lab, { kernel }: Variant): Promise<InstalledKernel> =>
  kernel === 'nfsroot' ? { path: '/boot/vmlinuz-nfsroot' } : installGuestKernel(lab.settings, 1, kernel)
