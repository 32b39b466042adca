import { expect, test } from 'vitest'
import { findBreaches } from '../../../src/boot/breaches.ts'
import { composeCmdline } from '../../../src/boot/cmdline.ts'
import { expectedAnswer } from '../../../src/boot/expected.ts'
import { type RunningDomain, runningDomain } from '../../../src/boot/running-root.ts'
import { guestOf } from '../../../src/model/inventory.ts'
import type { DomainOnHost } from '../../../src/toolstack/toolstack.ts'
import { domainDocument, guestFrom, imageDocument, inventoryOf, siteDocument } from '../../builders/site.ts'

const ROOT = 'filer:/usr/xen/images/slack'
const inventory = inventoryOf(
  siteDocument({
    images: [
      imageDocument(),
      imageDocument({ name: 'base', path: '/usr/xen/images/base', sharing: 'shared' }),
    ],
    domains: [
      domainDocument(),
      domainDocument({ name: 'web1', image: 'base', address: '38.99.2.201', boot: 'dhcp' }),
      domainDocument({ name: 'web2', image: 'base', address: '38.99.2.202' }),
    ],
  }),
)
const guest = (name: string) => {
  const domain = inventory.domains.get(name)
  if (domain === undefined) throw new Error(name)
  return guestOf(inventory, domain)
}

/** A domain as xl lists it, started with the command line of a guest; `over` is what a hand has changed. */
function running(name: string, over: Partial<DomainOnHost> & { host?: string } = {}): RunningDomain {
  const { domain } = guest(name)
  const { host = 'h1', ...rest } = over
  const listed: DomainOnHost = {
    name,
    domid: 1,
    uuid: domain.uuid,
    type: 'pv',
    memoryMiB: 256,
    kernel: '/boot/k',
    ramdisk: undefined,
    cmdline: composeCmdline(guest(name)),
    vifs: [{ mac: domain.mac, bridge: 'xenbr0', name: undefined }],
    ...rest,
  }
  return runningDomain(host, listed, (mac) => {
    const owner = [...inventory.domains.values()].find((one) => one.mac === mac)
    return owner && expectedAnswer(guestOf(inventory, owner))
  })
}
const claims = new Map([[ROOT, { domain: 'menas', host: 'h1', generation: 1 }]])

test('the root of a running guest is read from its command line as its kernel reads it', () => {
  expect(running('menas').root).toEqual({
    server: '38.99.2.7',
    path: '/usr/xen/images/slack',
    isWritten: true,
  })
})

test('the root of a guest that asks DHCP is what our answer tells it', () => {
  expect(running('web1').root).toEqual({
    server: '38.99.2.7',
    path: '/usr/xen/images/base',
    isWritten: false,
  })
})

test('a domain with a disk has no such root', () => {
  expect(running('menas', { cmdline: 'root=/dev/xvda1 ro' }).root).toBeUndefined()
})

test('a guest on its own root, and many on a shared one, are well', () => {
  expect(findBreaches(inventory, claims, [running('menas'), running('web1'), running('web2')])).toEqual([])
})

test('a domain started by hand on a claimed root breaks in, wherever it runs', () => {
  const copy = running('menas', { name: 'copy', uuid: 'x', domid: 4, host: 'h2', vifs: [] })
  expect(findBreaches(inventory, claims, [running('menas'), copy])).toEqual([
    { root: ROOT, domain: copy, owner: claims.get(ROOT) },
  ])
})

test('the same guest started by hand on another host breaks in', () => {
  const second = running('menas', { host: 'h2' })
  expect(findBreaches(inventory, claims, [running('menas'), second]).map(({ domain }) => domain)).toEqual([
    second,
  ])
})

test('of two on a root that nobody has claimed, the one it is recorded for owns it', () => {
  const copy = running('menas', { name: 'copy', uuid: 'x', domid: 1, host: 'h2', vifs: [] })
  const breaches = findBreaches(inventory, new Map(), [copy, running('menas', { domid: 9 })])
  expect(breaches).toMatchObject([{ domain: { name: 'copy' }, owner: { domain: 'menas', host: 'h1' } }])
})

test('one alone on a root that nobody has claimed breaks in nowhere', () => {
  expect(findBreaches(inventory, new Map(), [running('menas')])).toEqual([])
})

test('who writes a root that others share breaks in', () => {
  const writer = running('web2', { domid: 7, cmdline: composeCmdline(guest('web2')).replace(' ro ', ' rw ') })
  expect(findBreaches(inventory, claims, [running('web1'), writer])).toMatchObject([
    { root: 'filer:/usr/xen/images/base', domain: { name: 'web2' } },
  ])
})

test('the two halves of a guest that migrates are one', () => {
  const incoming = running('menas', { name: 'menas--incoming', host: 'h2' })
  expect(findBreaches(inventory, claims, [running('menas'), incoming])).toEqual([])
})

test('a root on a server that is not ours is named by its address', () => {
  const cmdline = composeCmdline(guestFrom()).replaceAll('38.99.2.7', '38.99.2.9')
  const two = [1, 2].map((domid) => running('menas', { name: `d${domid}`, uuid: `${domid}`, domid, cmdline }))
  expect(findBreaches(inventory, claims, two)).toMatchObject([
    { root: '38.99.2.9:/usr/xen/images/slack', domain: { name: 'd2' }, owner: { domain: 'd1' } },
  ])
})
