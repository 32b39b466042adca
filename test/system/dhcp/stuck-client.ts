/**
 * `node stuck-client.ts MAC SERVER FROM`: the kernel's client after an OFFER of SERVER whose ACK never came. It asks
 * for 255.255.255.255 until somebody says no; what it hears, as JSON. FROM is an address
 * of this machine: a UDP socket cannot send without one, as the kernel does.
 */
import { once } from 'node:events'
import { formatRequest, quad } from '../../../src/dhcp/clients/message.ts'
import { readOptions } from '../../../src/dhcp/packet.ts'
import { describeMessage } from '../../../src/dhcp/simulate.ts'
import { openUdp } from '../../../src/dhcp/socket/open-socket.ts'
import { formatIpv4, parseIpv4 } from '../../../src/model/address.ts'

const [mac = '', server = '', from = ''] = process.argv.slice(2)
const XID = 0x12345678
const receiver = await openUdp({ address: '255.255.255.255', port: 68 })
const sender = await openUdp({ address: from, port: 68 })
const request = formatRequest({
  mac,
  xid: XID,
  length: 548,
  options: [
    [53, [3]],
    [54, quad(parseIpv4(server))],
    [50, [255, 255, 255, 255]],
    [55, [1, 3, 6, 12, 15, 17, 26, 40, 42]],
  ],
})
const answered = once(receiver, 'message')
sender.send(request, 67, '255.255.255.255')
const [bytes] = (await answered) as [Buffer]
process.stdout.write(
  JSON.stringify({
    type: describeMessage(bytes),
    serverId: formatIpv4(readOptions(bytes)?.get(54)?.readUInt32BE(0) ?? 0),
    yiaddr: formatIpv4(bytes.readUInt32BE(16)),
    to: '255.255.255.255',
  }),
)
receiver.close()
sender.close()
