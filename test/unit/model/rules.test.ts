import { expect, test } from 'vitest'
import { readSite } from '../../../src/model/read-site.ts'
import { checkSite } from '../../../src/model/rules.ts'
import {
  domainDocument,
  imageDocument,
  networkDocument,
  serverDocument,
  siteDocument,
} from '../../builders/site.ts'

function problems(document: unknown): Record<string, string> {
  const { readable, problems } = readSite(document, { site: 'test' })
  return Object.fromEntries([...problems, ...checkSite(readable)].map(({ path, message }) => [path, message]))
}

test("the book's example has no mistakes", () => {
  expect(problems(siteDocument())).toEqual({})
})

test('all mistakes come together, and rules run on what could be read of a broken part', () => {
  const document = siteDocument({
    networks: [
      networkDocument({ cidr: '38.99.2.1/24' }),
      networkDocument({
        name: 'dmz',
        cidr: '10.0.0.0/24',
        gateway: '10.1.0.1',
        range: '10.0.0.9-10.0.1.9',
        dhcpServer: '10.0.0.255',
        brigde: 'x',
      }),
    ],
    domains: [
      domainDocument({ memoryMiB: 8, image: 'nope' }),
      domainDocument({ name: 'Bad', mac: 'zz' }),
      domainDocument({ name: 'web1', network: 'dmz', address: '10.9.9.9', kernel: 'none', host: 'h9' }),
    ],
    guests: [],
  })
  expect(problems(document)).toEqual({
    guests: 'unknown key; known: site, networks, servers, images, kernels, hosts, domains',
    'networks/lan/cidr':
      '"38.99.2.1/24" must be a network such as 10.0.0.0/24, without host bits, prefix 8 to 30',
    'networks/dmz/brigde': expect.stringMatching(/^unknown key; known: name, cidr, bridge/),
    'networks/dmz/gateway': '10.1.0.1 is not in 10.0.0.0/24',
    'networks/dmz/range': '10.0.0.9-10.0.1.9 is not inside 10.0.0.0/24',
    'networks/dmz/dhcpServer': '10.0.0.255 is the broadcast address of 10.0.0.0/24',
    'domains/menas/memoryMiB': '8 must be at least 32',
    'domains/menas/image': 'there is no image nope; known: slack',
    'domains/1/name': expect.stringContaining('"Bad" must be'),
    'domains/1/mac': expect.stringContaining('"zz" must be six hex pairs'),
    'domains/1/address': '38.99.2.222 is that of domains/menas already',
    'domains/web1/address': '10.9.9.9 is not in 10.0.0.0/24 of network dmz',
    'domains/web1/kernel': 'there is no kernel none; known: nfsroot',
    'domains/web1/host': 'there is no host h9; known: h1',
    'domains/1/image': undefined,
    'domains/web1/image': expect.stringContaining('the writable root slack belongs to'),
  })
})

test.each([
  ['38.99.2.0', 'is the network address of 38.99.2.0/24'],
  ['38.99.2.255', 'is the broadcast address of 38.99.2.0/24'],
  ['38.99.2.1', 'is the gateway of network lan'],
  ['38.99.2.7', 'is the dhcpServer of network lan'],
  ['38.99.2.9', 'is the address of NFS server other'],
  ['10.0.0.1', 'is not in 38.99.2.0/24 of network lan'],
])('a domain cannot have the address %s', (address, why) => {
  const document = siteDocument({
    servers: [serverDocument(), serverDocument({ name: 'other', address: '38.99.2.9' })],
    domains: [domainDocument({ address })],
  })
  expect(problems(document)).toEqual({ 'domains/menas/address': `${address} ${why}` })
})

test('names, addresses, macs and uuids are given once', () => {
  const mac = '00:16:3e:00:00:01'
  const uuid = '6ba7b811-9dad-51d1-80b4-00c04fd430c8'
  const document = siteDocument({
    images: [imageDocument({ sharing: 'shared' })],
    domains: [domainDocument({ mac, uuid }), domainDocument({ name: 'web1', mac: mac.toUpperCase(), uuid })],
    hosts: [{ name: 'h1' }, { name: 'h1', machine: 'ssh://h1' }],
  })
  expect(problems(document)).toEqual({
    'hosts/h1/name': 'h1 is there twice; a name is given once',
    'domains/web1/address': '38.99.2.222 is that of domains/menas already',
    'domains/web1/mac': `${mac} is that of domains/menas already`,
    'domains/web1/uuid': `${uuid} is that of domains/menas already`,
  })
})

test('a writable root has one domain, a shared one many', () => {
  const domains = [domainDocument(), domainDocument({ name: 'web1', address: '38.99.2.223' })]
  expect(problems(siteDocument({ domains }))['domains/web1/image']).toMatch(
    'the writable root slack belongs to domains/menas already',
  )
  expect(problems(siteDocument({ domains, images: [imageDocument({ sharing: 'shared' })] }))).toEqual({})
})

test('clone is refused with a clear word', () => {
  expect(
    problems(siteDocument({ images: [imageDocument({ sharing: 'clone' })] }))['images/slack/sharing'],
  ).toMatch('clone is not built yet')
})

test('images do not share or contain a directory', () => {
  const images = [
    imageDocument({ name: 'a', path: '/srv/a' }),
    imageDocument({ name: 'b', path: '/srv/a/b' }),
    imageDocument({ name: 'c', path: '/srv/ab' }),
    imageDocument({ name: 'd', path: '/srv/ab' }),
  ]
  expect(problems(siteDocument({ images, domains: [] }))).toEqual({
    'images/b/path': expect.stringContaining('filer:/srv/a/b lies inside image a'),
    'images/d/path': expect.stringContaining('filer:/srv/ab is the path of image c already'),
  })
})

test('one directory of one server is one image, under whatever names the server goes', () => {
  const servers = [serverDocument(), serverDocument({ name: 'filer2' })]
  const images = [imageDocument(), imageDocument({ name: 'twin', server: 'filer2' })]
  expect(problems(siteDocument({ servers, images }))).toEqual({
    'images/twin/path': expect.stringContaining('is the path of image slack already'),
  })
})

test('a reference to nothing is told even when its target has a part without a name', () => {
  const networks = [networkDocument(), { cidr: '10.0.0.0/24' }]
  expect(problems(siteDocument({ networks, domains: [domainDocument({ network: 'dmz' })] }))).toEqual({
    'networks/1/name': 'is missing',
    'domains/menas/network': 'there is no network dmz; known: lan',
  })
})

test('a choice that is missing is told although another field is wrong', () => {
  const hosts = [{ name: 'h1' }, { name: 'h2' }]
  const domain = domainDocument({ host: undefined, memoryMiB: 8 })
  expect(problems(siteDocument({ hosts, domains: [domain] }))).toEqual({
    'domains/menas/memoryMiB': '8 must be at least 32',
    'domains/menas/host': 'is missing; choose one of h1, h2',
  })
})

test('the only network, kernel and host need not be named; of several one must be', () => {
  const open = domainDocument({ network: undefined, kernel: undefined, host: undefined })
  expect(problems(siteDocument({ domains: [open] }))).toEqual({})
  expect(
    problems(siteDocument({ domains: [open], hosts: [{ name: 'h1' }, { name: 'h2' }], kernels: [] })),
  ).toEqual({
    'domains/menas/host': 'is missing; choose one of h1, h2',
    'domains/menas/kernel': 'is missing; the site has no kernels',
  })
})

test('a server outside the network needs a gateway', () => {
  const document = siteDocument({
    networks: [networkDocument({ gateway: undefined })],
    servers: [serverDocument({ address: '10.9.0.1' })],
  })
  expect(problems(document)['domains/menas/network']).toMatch(
    'NFS server filer (10.9.0.1) is outside 38.99.2.0/24',
  )
})

test.each([null, 7, [], 'text'])('%j is not a site document', (document) => {
  expect(problems(document)['']).toMatch('a site document is a mapping')
})

test('a reference to nothing names twenty of many, and says that there are more', () => {
  const images = Array.from({ length: 30 }, (_one, at) =>
    imageDocument({ name: `image${at}`, path: `/srv/i${at}` }),
  )
  const document = siteDocument({ images, domains: [domainDocument({ image: 'nothing' })] })
  const [problem] = checkSite(readSite(document, { site: 'book' }).readable)
  expect(problem?.message).toMatch(/^there is no image nothing; known: image0, .*, image19, …$/)
})
