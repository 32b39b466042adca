import fc from 'fast-check'
import { expect, test } from 'vitest'
import { macFor, uuidFor } from '../../../src/model/identity.ts'
import { readSite, wholeSite } from '../../../src/model/read-site.ts'
import { checkSite } from '../../../src/model/rules.ts'
import { settleSite } from '../../../src/model/settle.ts'
import {
  domainDocument,
  imageDocument,
  inventoryOf,
  networkDocument,
  siteDocument,
} from '../../builders/site.ts'

const shared = { images: [imageDocument({ sharing: 'shared' })] }
const named = (names: readonly string[], over: object = {}) =>
  names.map((name) => domainDocument({ name, address: undefined, ...over }))

test('addresses are given lowest free first, around those given by hand', () => {
  const domains = [
    ...named(['b', 'a']),
    domainDocument({ name: 'c', address: '38.99.2.200' }),
    ...named(['d']),
  ]
  const inventory = inventoryOf(siteDocument({ ...shared, domains }))
  expect([...inventory.domains.values()].map(({ name, address }) => [name, address])).toEqual([
    ['b', '38.99.2.201'],
    ['a', '38.99.2.202'],
    ['c', '38.99.2.200'],
    ['d', '38.99.2.203'],
  ])
})

test('without a range the whole network serves, save gateway, servers, DNS and our own address', () => {
  const networks = [
    networkDocument({ cidr: '38.99.2.0/28', range: undefined, gateway: '38.99.2.1', dns: ['38.99.2.2'] }),
  ]
  const inventory = inventoryOf(
    siteDocument({ ...shared, networks, domains: named(['a', 'b', 'c', 'd', 'e']) }),
  )
  expect([...inventory.domains.values()].map(({ address }) => address)).toEqual(
    ['3', '4', '5', '6', '8'].map((last) => `38.99.2.${last}`),
  )
})

test('a full network is a problem of the domain that found no place', () => {
  const networks = [networkDocument({ range: '38.99.2.200-38.99.2.201' })]
  const { readable } = readSite(siteDocument({ ...shared, networks, domains: named(['a', 'b', 'c']) }), {
    site: 's',
  })
  expect(settleSite(wholeSite(readable)).problems).toEqual([
    { path: 'domains/c/address', message: expect.stringContaining('network lan has no free address') },
  ])
})

test('what a domain had before stays, and is not given to another', () => {
  const { readable } = readSite(siteDocument({ ...shared, domains: named(['new', 'old']) }), { site: 's' })
  const pin = { address: '38.99.2.200', mac: '00:16:3e:00:00:09', uuid: uuidFor('x', 'y'), network: 'lan' }
  const { inventory } = settleSite(wholeSite(readable), new Map([['old', pin]]))
  expect(inventory.domains.get('old')).toMatchObject({ address: pin.address, mac: pin.mac, uuid: pin.uuid })
  expect(inventory.domains.get('new')?.address).toBe('38.99.2.201')
})

test('an address that does not fit its network any more is given up', () => {
  const networks = [
    networkDocument({
      cidr: '10.0.0.0/24',
      gateway: '10.0.0.1',
      range: undefined,
      dhcpServer: undefined,
      dns: [],
    }),
  ]
  const { readable } = readSite(siteDocument({ ...shared, networks, domains: named(['old']) }), { site: 's' })
  const pin = { address: '38.99.2.200', mac: '00:16:3e:00:00:09', uuid: uuidFor('x', 'y'), network: 'lan' }
  const { inventory } = settleSite(wholeSite(readable), new Map([['old', pin]]))
  expect(inventory.domains.get('old')).toMatchObject({ address: '10.0.0.2', mac: pin.mac, uuid: pin.uuid })
})

test('mac and uuid follow from site and name alone', () => {
  const [one, two] = [
    inventoryOf(),
    inventoryOf(siteDocument({ domains: [domainDocument({ memoryMiB: 64 })] })),
  ]
  expect(one.domains.get('menas')).toMatchObject({
    mac: two.domains.get('menas')?.mac,
    uuid: two.domains.get('menas')?.uuid,
  })
  expect(macFor('book', 'menas', new Set())).toMatch(/^00:16:3e:/)
  expect(uuidFor('book', 'menas')).toMatch(
    /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  )
  expect(uuidFor('book', 'menas')).not.toBe(uuidFor('other', 'menas'))
})

test('on a clash the next free mac is taken', () => {
  const first = macFor('book', 'menas', new Set())
  const next = macFor('book', 'menas', new Set([first]))
  expect(Number.parseInt(next.replaceAll(':', ''), 16)).toBe(
    Number.parseInt(first.replaceAll(':', ''), 16) + 1,
  )
})

test('whatever is declared, a settled site passes its own rules and has no double', () => {
  const domain = fc.record({
    name: fc.stringMatching(/^[a-z][a-z0-9]{0,6}$/),
    address: fc.option(
      fc.integer({ min: 1, max: 254 }).map((n) => `38.99.2.${n}`),
      { nil: undefined },
    ),
  })
  fc.assert(
    fc.property(fc.uniqueArray(domain, { selector: ({ name }) => name, maxLength: 30 }), (list) => {
      const document = siteDocument({ ...shared, domains: list.map((one) => domainDocument(one)) })
      const { readable, problems } = readSite(document, { site: 's' })
      fc.pre(problems.length === 0 && checkSite(readable).length === 0)
      const { inventory } = settleSite(wholeSite(readable))
      const domains = [...inventory.domains.values()]
      expect(new Set(domains.map(({ address }) => address)).size).toBe(domains.length)
      expect(new Set(domains.map(({ mac }) => mac)).size).toBe(domains.length)
      const again = readSite({ ...document, domains }, { site: 's' })
      expect([...again.problems, ...checkSite(again.readable)]).toEqual([])
    }),
  )
})
