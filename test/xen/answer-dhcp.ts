import { createSocket } from 'node:dgram'
import { parseIpv4 } from '../../src/model/address.ts'

// answer-dhcp.ts ANSWERS: answers DHCP and BOOTP on the lab's network, with just what ANSWERS says: JSON, by MAC.
// It knows no rules on purpose: boot clients are shown whatever a test wants them to see.

/** What is answered to one MAC; options by number: an address, addresses or text. */
export interface ScriptedAnswer {
  readonly address: string
  readonly siaddr?: string
  readonly options: Readonly<Record<number, string | readonly string[]>>
}

const answers: Readonly<Record<string, ScriptedAnswer>> = JSON.parse(process.argv[2] ?? '{}')
const NETWORK = '10.77.0.255' // clients without an address hear the broadcast of their own network too
const REPLY_TYPES: Readonly<Record<number, number>> = { 1: 2, 3: 5 } // DISCOVER: OFFER, REQUEST: ACK

const socket = createSocket('udp4')
socket.on('message', (request) => {
  const mac = request
    .subarray(28, 34)
    .toString('hex')
    .replace(/(..)(?=.)/g, '$1:')
  const answer = answers[mac]
  if (request[0] === 1 && answer !== undefined) {
    socket.send(reply(request, answer), 68, NETWORK)
    console.log(`answered ${mac} with ${answer.address}`)
  }
})
socket.bind(67, () => {
  socket.setBroadcast(true)
  console.log('ready')
})

function reply(request: Buffer, { address, siaddr = '0.0.0.0', options }: ScriptedAnswer): Buffer {
  const header = Buffer.alloc(240)
  request.copy(header, 0, 0, 240)
  header[0] = 2
  header.writeUInt32BE(0, 12)
  header.writeUInt32BE(parseIpv4(address), 16)
  header.writeUInt32BE(parseIpv4(siaddr), 20)
  header.fill(0, 44, 236)
  const type = REPLY_TYPES[messageType(request) ?? 0]
  const bytes = [
    ...(type === undefined ? [] : [53, 1, type]),
    ...Object.entries(options).flatMap(([code, value]) => {
      const body = typeof value === 'string' ? bytesOf(value) : value.flatMap(bytesOf)
      return [Number(code), body.length, ...body]
    }),
    255,
  ]
  return Buffer.concat([header, Buffer.from(bytes), Buffer.alloc(Math.max(0, 60 - bytes.length))])
}

const bytesOf = (value: string): number[] =>
  /^\d+(?:\.\d+){3}$/.test(value) ? value.split('.').map(Number) : [...Buffer.from(value, 'latin1')]

/** Option 53; a BOOTP request has none. */
function messageType(request: Buffer): number | undefined {
  for (let at = 240; at < request.length && request[at] !== 255; ) {
    if (request[at] === 53) return request[at + 2]
    at += request[at] === 0 ? 1 : 2 + (request[at + 1] ?? 0)
  }
  return undefined
}
