import { expect, test } from 'vitest'
import { dhcpChange, dhcpViewOf, EMPTY_DHCP_VIEW } from '../../../src/service/dhcp-feed.ts'
import {
  domainDocument,
  imageDocument,
  inventoryOf,
  networkDocument,
  siteDocument,
} from '../../builders/site.ts'

const MENAS = { name: 'menas', mac: '00:16:3e:00:00:01' }
const SECOND = { name: 'second', mac: '00:16:3e:00:00:02', address: '38.99.2.201' }

const viewOf = (over: Record<string, unknown> = {}) =>
  dhcpViewOf(
    inventoryOf(
      siteDocument({
        images: [imageDocument({ sharing: 'shared' })],
        domains: [domainDocument(MENAS), domainDocument(SECOND)],
        ...over,
      }),
    ),
  )
const two = viewOf()

test('a responder that knows nothing is told everything', () => {
  const change = dhcpChange(EMPTY_DHCP_VIEW, two)
  expect(change?.networks?.put).toMatchObject([{ name: 'lan', mode: 'serve' }])
  expect([...(change?.put ?? [])].map(({ domain }) => domain)).toEqual(['menas', 'second'])
  expect(change?.drop).toEqual([])
})

test('a responder that knows it all is told nothing', () => {
  expect(dhcpChange(two, viewOf())).toBeUndefined()
})

test('only the guest that changed is told', () => {
  const domains = [domainDocument(MENAS), domainDocument({ ...SECOND, address: '38.99.2.202' })]
  const change = dhcpChange(two, viewOf({ domains }))
  expect(change).toMatchObject({ put: [{ domain: 'second', address: '38.99.2.202' }], drop: [] })
  expect(change).not.toHaveProperty('networks')
})

test('what DHCP does not tell changes nothing', () => {
  const domains = [domainDocument({ ...MENAS, memoryMiB: 1024 }), domainDocument(SECOND)]
  expect(dhcpChange(two, viewOf({ domains }))).toBeUndefined()
})

test('a guest that is gone is dropped by its MAC', () => {
  const change = dhcpChange(two, viewOf({ domains: [domainDocument(MENAS)] }))
  expect(change).toEqual({ put: [], drop: [SECOND.mac] })
})

test('a guest with another MAC loses the old one', () => {
  const domains = [domainDocument(MENAS), domainDocument({ ...SECOND, mac: '00:16:3e:00:00:03' })]
  const change = dhcpChange(two, viewOf({ domains }))
  expect(change).toMatchObject({ put: [{ mac: '00:16:3e:00:00:03' }], drop: [SECOND.mac] })
})

test('a MAC that goes to another guest stays known', () => {
  const domains = [domainDocument({ ...MENAS, mac: SECOND.mac })]
  const change = dhcpChange(two, viewOf({ domains }))
  expect(change).toMatchObject({ put: [{ domain: 'menas', mac: SECOND.mac }], drop: [MENAS.mac] })
})

test('another gateway is news for the guests of the network', () => {
  const change = dhcpChange(two, viewOf({ networks: [networkDocument({ gateway: '38.99.2.2' })] }))
  expect(change?.put).toHaveLength(2)
})

test('a network that is not served any more is told', () => {
  const change = dhcpChange(two, viewOf({ networks: [networkDocument({ dhcp: 'off' })] }))
  expect(change).toMatchObject({ networks: { put: [{ name: 'lan', mode: 'off' }] }, put: [] })
})

test('a network that is gone is dropped', () => {
  const other = networkDocument({ name: 'san', bridge: 'xenbr1' })
  const change = dhcpChange(two, viewOf({ networks: [other], domains: [] }))
  expect(change?.networks).toMatchObject({ put: [{ name: 'san' }], drop: ['lan'] })
  expect(change?.drop).toHaveLength(2)
})
