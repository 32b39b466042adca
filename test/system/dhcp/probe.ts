/** `node probe.ts ADDRESS`: the servers found on the network of that address, as JSON. */
import { probeNetwork } from '../../../src/dhcp/socket/probe.ts'

const found = await probeNetwork({ address: process.argv[2] ?? '' })
process.stdout.write(JSON.stringify(found))
