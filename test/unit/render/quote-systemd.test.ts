import { expect, test } from 'vitest'
import { commandSystemd } from '../../../src/render/quote-systemd.ts'
import { templatesWith } from '../../builders/templates.ts'

test.each([
  [['/usr/bin/node', '/opt/domus/src/domus.js', 'serve'], '/usr/bin/node /opt/domus/src/domus.js serve'],
  [['/opt/my programs/domus', '--no-dhcp'], '"/opt/my programs/domus" --no-dhcp'],
  [['/opt/50%/$HOME/domus'], '"/opt/50%%/$$HOME/domus"'],
  [['/opt/"\\'], '"/opt/\\"\\\\"'],
  [['', ';'], '"" ";"'],
])('%j is a command line of a unit', (words, line) => {
  expect(commandSystemd(words)).toBe(line)
})

test.each([undefined, 'serve', [], [7], ['a\nb']])('%j is refused', (words) => {
  expect(() => commandSystemd(words)).toThrow(RangeError)
})

test('the unit of the service', async () => {
  const text = templatesWith().render('systemd/domus.service', {
    exec: ['/usr/bin/node', '/opt/domus/src/domus.js', '--config', '/etc/domus/domus.yaml', 'serve'],
  })
  await expect(text).toMatchFileSnapshot('../../golden/systemd/domus.service')
})

test('the unit of the DHCP socket of a network', async () => {
  const text = templatesWith().render('systemd/domus-dhcp.socket', {
    network: 'lan',
    bridge: 'xenbr0',
    port: '67',
  })
  await expect(text).toMatchFileSnapshot('../../golden/systemd/domus-dhcp-lan.socket')
})
