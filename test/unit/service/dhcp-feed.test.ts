import { describe, expect, test } from 'vitest'
import type { Noun } from '../../../src/model/inventory.ts'
import { dhcpChange, wholeDhcp } from '../../../src/service/dhcp-feed.ts'
import {
  domainDocument,
  imageDocument,
  inventoryOf,
  networkDocument,
  serverDocument,
  siteDocument,
} from '../../builders/site.ts'

const MENAS = { name: 'menas', mac: '00:16:3e:00:00:01' }
const SECOND = { name: 'second', mac: '00:16:3e:00:00:02', address: '38.99.2.201' }

const siteWith = (over: Record<string, unknown> = {}) =>
  inventoryOf(
    siteDocument({
      images: [imageDocument({ sharing: 'shared' })],
      domains: [domainDocument(MENAS), domainDocument(SECOND)],
      ...over,
    }),
  )
const two = siteWith()

test('a responder that knows nothing is told everything', () => {
  const change = wholeDhcp(two)
  expect(change.networks?.put).toMatchObject([{ name: 'lan', mode: 'serve' }])
  expect([...(change.put ?? [])].map(({ domain }) => domain)).toEqual(['menas', 'second'])
  expect(change.drop).toBeUndefined()
})

test('a responder that knows it all is told nothing', () => {
  expect(dhcpChange(two, siteWith())).toBeUndefined()
})

test('only the guest that changed is told', () => {
  const domains = [domainDocument(MENAS), domainDocument({ ...SECOND, address: '38.99.2.202' })]
  const change = dhcpChange(two, siteWith({ domains }))
  expect(change).toMatchObject({ put: [{ domain: 'second', address: '38.99.2.202' }], drop: [] })
  expect(change).not.toHaveProperty('networks')
})

test('what DHCP does not tell changes nothing', () => {
  const domains = [domainDocument({ ...MENAS, memoryMiB: 1024 }), domainDocument(SECOND)]
  expect(dhcpChange(two, siteWith({ domains }))).toBeUndefined()
})

test('a guest that is gone is dropped by its MAC', () => {
  const change = dhcpChange(two, siteWith({ domains: [domainDocument(MENAS)] }))
  expect(change).toEqual({ put: [], drop: [SECOND.mac] })
})

test('a guest with another MAC loses the old one', () => {
  const domains = [domainDocument(MENAS), domainDocument({ ...SECOND, mac: '00:16:3e:00:00:03' })]
  const change = dhcpChange(two, siteWith({ domains }))
  expect(change).toMatchObject({ put: [{ mac: '00:16:3e:00:00:03' }], drop: [SECOND.mac] })
})

test('a MAC that goes to another guest stays known', () => {
  const domains = [domainDocument({ ...MENAS, mac: SECOND.mac })]
  const change = dhcpChange(two, siteWith({ domains }))
  expect(change).toMatchObject({ put: [{ domain: 'menas', mac: SECOND.mac }], drop: [MENAS.mac] })
})

test('another gateway is news for the guests of the network', () => {
  const change = dhcpChange(two, siteWith({ networks: [networkDocument({ gateway: '38.99.2.2' })] }))
  expect(change?.put).toHaveLength(2)
})

test('a network that is not served any more is told', () => {
  const change = dhcpChange(two, siteWith({ networks: [networkDocument({ dhcp: 'off' })] }))
  expect(change).toMatchObject({ networks: { put: [{ name: 'lan', mode: 'off' }] }, put: [] })
})

test('a network that is gone is dropped', () => {
  const other = networkDocument({ name: 'san', bridge: 'xenbr1' })
  const change = dhcpChange(two, siteWith({ networks: [other], domains: [] }))
  expect(change?.networks).toMatchObject({ put: [{ name: 'san' }], drop: ['lan'] })
  expect(change?.drop).toHaveLength(2)
})

test('another path of an image, or address of a server, is news for its guests', () => {
  const image = imageDocument({ sharing: 'shared', path: '/usr/xen/images/other' })
  const moved = dhcpChange(two, siteWith({ images: [image] }))
  expect([...(moved?.put ?? [])].map(({ rootPath }) => rootPath)).toEqual([
    '38.99.2.7:/usr/xen/images/other',
    '38.99.2.7:/usr/xen/images/other',
  ])
  const renumbered = dhcpChange(two, siteWith({ servers: [serverDocument({ address: '38.99.2.8' })] }))
  expect([...(renumbered?.put ?? [])].map(({ nextServer }) => nextServer)).toEqual(['38.99.2.8', '38.99.2.8'])
})

describe('with the names of what was touched', () => {
  const touched = (noun: Noun, ...names: string[]) => new Map([[noun, new Set(names)]])
  const renumbered = siteWith({
    domains: [
      domainDocument({ ...MENAS, address: '38.99.2.202' }),
      domainDocument({ ...SECOND, address: '38.99.2.203' }),
    ],
  })

  test('nothing else is looked at', () => {
    const change = dhcpChange(two, renumbered, touched('domains', 'second'))
    expect(change).toMatchObject({ put: [{ domain: 'second', address: '38.99.2.203' }], drop: [] })
  })

  test.each<[Noun, string, Record<string, unknown>]>([
    ['networks', 'lan', { networks: [networkDocument({ gateway: '38.99.2.2' })] }],
    ['images', 'slack', { images: [imageDocument({ sharing: 'shared', path: '/usr/xen/images/other' })] }],
    ['servers', 'filer', { servers: [serverDocument({ address: '38.99.2.8' })] }],
  ])(
    'one of the %s is news for all its guests, and it tells what a whole comparison tells',
    (noun, name, over) => {
      const after = siteWith(over)
      const change = dhcpChange(two, after, touched(noun, name))
      expect(change?.put).toHaveLength(2)
      expect(change).toEqual(dhcpChange(two, after))
    },
  )

  test('a domain that is gone is dropped', () => {
    const after = siteWith({ domains: [domainDocument(MENAS)] })
    expect(dhcpChange(two, after, touched('domains', 'second'))).toEqual({ put: [], drop: [SECOND.mac] })
  })

  test('what DHCP does not tell changes nothing', () => {
    expect(dhcpChange(two, siteWith(), touched('hosts', 'h1'))).toBeUndefined()
  })
})
