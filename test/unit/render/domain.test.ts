import { describe, expect, test } from 'vitest'
import { composeCmdline } from '../../../src/boot/cmdline.ts'
import {
  domainDocument,
  guestFrom,
  imageDocument,
  kernelDocument,
  networkDocument,
  siteDocument,
} from '../../builders/site.ts'
import { templatesWith } from '../../builders/templates.ts'

const templates = templatesWith()

const guests = {
  static: siteDocument(),
  dhcp: siteDocument({ domains: [domainDocument({ boot: 'dhcp' })] }),
  bootp: siteDocument({ domains: [domainDocument({ boot: 'bootp' })] }),
  shared: siteDocument({ images: [imageDocument({ sharing: 'shared' })] }),
  pvh: siteDocument({ kernels: [kernelDocument({ type: 'pvh' })] }),
  initrd: siteDocument({ kernels: [kernelDocument({ initrd: '/boot/initrd.img-nfsroot' })] }),
  disks: siteDocument({
    domains: [domainDocument({ disks: ['phy:/dev/vg0/menas-swap,xvda,w', '/srv/data.img,raw,xvdb,r'] })],
  }),
  'no-gateway': siteDocument({ networks: [networkDocument({ gateway: undefined, dns: [] })] }),
}

describe.each(Object.entries(guests))('the book’s guest, %s,', (name, document) => {
  const guest = guestFrom(document)

  test('as a config of xl', async () => {
    const text = templates.domainXl(guest, composeCmdline(guest))
    await expect(text).toMatchFileSnapshot(`../../golden/domain/menas-${name}.xl.cfg`)
  })

  test('as a config of xm', async () => {
    await expect(templates.domainXm(guest)).toMatchFileSnapshot(`../../golden/domain/menas-${name}.xm.cfg`)
  })
})

test('a config of xl says its command line once, without root= or extra=', () => {
  const guest = guestFrom()
  const text = templates.domainXl(guest, composeCmdline(guest))
  expect(text.match(/^cmdline = /gm)).toHaveLength(1)
  expect(text).not.toMatch(/^(?:root|extra) = /m)
})
