/** What Node's sockets can do at most: every datagram goes back as it came. */
import { openUdp } from '../../src/dhcp/socket/open-socket.ts'
import { SERVER } from './dhcp-net.ts'

const socket = await openUdp({ address: SERVER, port: 67 })
socket.on('message', (bytes, from) => socket.send(bytes, from.port, from.address))
console.log('ready')
process.once('SIGTERM', () => socket.close())
