/** `node dhcp-server.ts GUESTS`: the responder alone, with so many guests, each with a root path of its own. */
import { changeOf } from '../../src/dhcp/change.ts'
import { serveDhcp } from '../../src/dhcp/socket/serve.ts'
import { guests, network } from './dhcp-guests.ts'

const service = await serveDhcp({
  source: () => changeOf(guests(Number(process.argv[2])), [network]),
  onEvent: (event) => {
    if (event.kind === 'warning') console.error(event.message)
  },
})
console.log(`loaded in ${Math.round(performance.now())} ms`) // since the start of the process
process.once('SIGTERM', () => void service.close())
