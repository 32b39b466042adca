import { describe, expect, test } from 'vitest'
import { renderDhcp } from '../../../src/dhcp/render.ts'
import { loadTemplates } from '../../../src/templates.ts'
import { guest } from './builders.ts'

const templates = loadTemplates('/no/overrides')

const network = {
  domain: 'xen.example',
  ntp: ['38.99.2.1', '38.99.2.2'],
  mtu: 1500,
  options: {
    'domain-search': ['xen.example', 'example'],
    121: ['10.0.0.0/8 via 38.99.2.9'],
    'log-servers': ['38.99.2.1', '38.99.2.2'],
    224: 'text, "quoted"',
  },
}
const menas = guest({ network, domain: { options: { 43: '01:02:ff', 'default-ip-ttl': 64 } } })
const bare = { ...network, options: {} }
const plain = guest({
  network: bare,
  domain: { name: 'two', mac: '00:16:3e:00:00:02', address: '38.99.2.223' },
})
const elsewhere = guest({ domain: { name: 'three', mac: '00:16:3e:00:00:03', network: 'dmz' } })

describe.each(['dnsmasq', 'dhcpd', 'kea'] as const)('for %s', (as) => {
  test('the whole text is the golden one', async () => {
    const text = renderDhcp(menas.network, [menas, plain], as, templates)
    await expect(text).toMatchFileSnapshot(`../../golden/dhcp/${as}.conf`)
  })

  test('guests of other networks are left out', () => {
    expect(renderDhcp(menas.network, [menas, elsewhere], as, templates)).not.toContain('three')
  })

  test('a network without guests and without extras has a text too', async () => {
    const { gateway: _, ...alone } = guest({ network: { dns: [] } }).network
    await expect(renderDhcp(alone, [], as, templates)).toMatchFileSnapshot(
      `../../golden/dhcp/${as}-empty.conf`,
    )
  })
})
