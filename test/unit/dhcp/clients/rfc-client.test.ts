import { describe, expect, test } from 'vitest'
import { dhclient, udhcpc } from '../../../../src/dhcp/clients/rfc-client.ts'
import { readOptions } from '../../../../src/dhcp/packet.ts'
import { bound, hear, reply, root } from './replies.ts'

const offer = (...more: number[]) => reply({ tail: [53, 1, 2, 54, 4, 10, 0, 0, 2, ...more, 255] })
const ack = (...more: number[]) => reply({ tail: [53, 1, 5, 54, 4, 10, 0, 0, 2, ...more, 255] })

test('udhcpc sends its MAC as client identifier and asks for at most 576 bytes', () => {
  const [discover = Buffer.alloc(0)] = hear(udhcpc, []).sent
  const options = readOptions(discover)
  expect(options?.get(61)).toEqual(Buffer.from([1, 0, 0x16, 0x3e, 0, 0, 1]))
  expect(options?.get(57)?.readUInt16BE(0)).toBe(576)
})

describe.each([
  ['udhcpc', udhcpc],
  ['dhclient', dhclient],
])('%s', (_name, model) => {
  test('joins the parts of an option (RFC 3396)', () => {
    const parts = [17, 4, ...Buffer.from('10.0'), 17, 6, ...Buffer.from('.0.9:/'), 17, 1, 0x72]
    expect(bound(model, [offer(), ack(...parts)])).toMatchObject({ rootServer: '10.0.0.9', rootPath: '/r' })
  })

  test('takes the default route of option 121 instead of the gateway (RFC 3442)', () => {
    const routes = [121, 13, 8, 10, 10, 0, 0, 7, 0, 10, 0, 0, 9, 32, 1]
    expect(bound(model, [offer(), ack(3, 4, 10, 0, 0, 1, ...routes)]).gateway).toBe('10.0.0.9')
  })

  test('has no gateway when option 121 has no default route', () => {
    expect(
      bound(model, [offer(), ack(3, 4, 10, 0, 0, 1, 121, 6, 8, 10, 10, 0, 0, 7)]).gateway,
    ).toBeUndefined()
  })

  test('takes siaddr for a root path without server', () => {
    expect(bound(model, [offer(), ack(...root('/r'))])).toMatchObject({
      rootServer: '10.0.0.1',
      rootPath: '/r',
    })
  })

  test.each([
    ['an OFFER for another MAC', reply({ mac: '00:16:3e:00:00:02', tail: [53, 1, 2, 255] })],
    ['a BOOTP reply', reply({ tail: [255] })],
    ['an option that is cut off', reply({ tail: [53, 1, 2, 12, 200, 1] })],
  ])('does not take %s', (_what, bytes) => {
    expect(hear(model, [bytes]).outcome).toMatchObject({ kind: 'failed' })
  })
})

test('an OFFER without server identifier is none to dhclient, and one to udhcpc', () => {
  const anonymous = reply({ tail: [53, 1, 2, 255] })
  expect(hear(dhclient, [anonymous]).outcome).toMatchObject({ why: 'the OFFER names no server (option 54)' })
  expect(hear(udhcpc, [anonymous, ack()]).outcome).toMatchObject({ kind: 'bound' })
})
