/** `node offer-only.ts ADDRESS OFFERED`: a server that offers an address and then never acknowledges it. */
import { readPacket } from '../../../src/dhcp/packet.ts'
import { connectUdp, openUdp } from '../../../src/dhcp/socket/open-socket.ts'
import { parseIpv4 } from '../../../src/model/address.ts'

const [address = '', offered = ''] = process.argv.slice(2)
const receiver = await openUdp({ address: '255.255.255.255', port: 67 })
const sender = await openUdp({ address, port: 67 })
await connectUdp(sender, '255.255.255.255', 68)

const bytesOf = (text: string) => text.split('.').map(Number)
receiver.on('message', (request) => {
  const packet = readPacket(request)
  if ('drop' in packet || packet.type !== 1) return
  const offer = Buffer.alloc(300)
  request.copy(offer, 0, 0, 236)
  offer[0] = 2
  offer.writeUInt32BE(parseIpv4(offered), 16)
  offer.set([99, 130, 83, 99, 53, 1, 2, 54, 4, ...bytesOf(address), 255], 236)
  sender.send(offer)
  process.stdout.write('offered\n')
})
process.stdout.write('ready\n')
