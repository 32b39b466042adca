import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { apply, boot, clear, type Fields, menas, notOk, PATIENCE_MS, site, verify } from './menas.ts'
import { serveDomus } from './serve-domus.ts'
import { type Lab, startLab } from './start-lab.ts'

// A guest of which verify has nothing to say boots, whichever way it boots, and finds what verify foretold.

const isAll = process.env.DOMUS_XEN_ALL === '1'

interface Variant {
  readonly boot: 'static' | 'dhcp' | 'bootp'
  readonly nfsVersion: '3' | '4.0' | '4.1' | '4.2'
  readonly access: 'rw' | 'ro'
  readonly type: 'pv' | 'pvh'
}

const variants: readonly Variant[] = [
  { boot: 'static', nfsVersion: '3', access: 'rw', type: 'pvh' },
  { boot: 'dhcp', nfsVersion: '4.2', access: 'ro', type: 'pv' },
  { boot: 'bootp', nfsVersion: '3', access: 'rw', type: 'pv' },
  { boot: 'static', nfsVersion: '4.1', access: 'ro', type: 'pvh' },
  { boot: 'dhcp', nfsVersion: '3', access: 'rw', type: 'pvh' },
  { boot: 'bootp', nfsVersion: '4.0', access: 'rw', type: 'pvh' },
  { boot: 'static', nfsVersion: '4.2', access: 'rw', type: 'pv' },
]

const IMAGES = { rw: 'slack', ro: 'base' }

const siteOf = ({ boot: way, nfsVersion, access, type }: Variant): Fields =>
  site({ domains: [menas({ boot: way, nfsVersion, image: IMAGES[access], kernel: type })] })

const foundRoot = ({ access, nfsVersion }: Variant) =>
  new RegExp(
    `^DOMUS-GUEST root=10\\.77\\.0\\.1:/srv/xen/images/${IMAGES[access]} / nfs4? ${access},.*vers=${nfsVersion.replace('.', '\\.')},`,
    'm',
  )

const ASKED = { static: /^(?!.*Got \S+ answer)/s, dhcp: /Got DHCP answer/, bootp: /Got BOOTP answer/ }

describe.runIf(isAll)('a guest whose verify is all ok boots', () => {
  let lab: Lab
  let stopService: () => Promise<void>

  beforeAll(async () => {
    lab = await startLab({ hosts: 1 })
    stopService = await serveDomus(lab)
  })
  afterEach(() => clear(lab))
  afterAll(async () => {
    await stopService()
    await lab.stop()
  })

  test.each(variants)(
    '$type, $boot, NFS $nfsVersion, $access',
    async (variant) => {
      await apply(lab, siteOf(variant))
      expect(notOk(await verify(lab))).toEqual([])
      const console = await boot(lab)
      expect(console).toMatch(foundRoot(variant))
      expect(console).toMatch(ASKED[variant.boot])
      expect(console).toMatch(/^DOMUS-GUEST address=10\.77\.0\.50\/24$/m)
    },
    3 * PATIENCE_MS,
  )
})
