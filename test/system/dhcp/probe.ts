/** `node probe.ts ADDRESS`: the servers found on the network of that address, as JSON. */
import { probeNetwork } from '../../../src/dhcp/socket/probe.ts'

// dnsmasq looks for three seconds whether an address is free before it offers it.
const found = await probeNetwork({ address: process.argv[2] ?? '', waitMs: 5_000 })
process.stdout.write(JSON.stringify(found))
