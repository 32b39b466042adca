import { changeOf } from '../../src/dhcp/directory.ts'
import { reservationOf } from '../../src/dhcp/reservation.ts'
import { serveDhcp } from '../../src/dhcp/socket/serve.ts'
import { formatIpv4, parseIpv4 } from '../../src/model/address.ts'
import { guestAt, guests, network } from './dhcp-guests.ts'

/** How long a changed guest takes to be in force, with so many others; milliseconds of the slowest in a hundred. */
export async function measureUpdate(count: number): Promise<number> {
  const service = await serveDhcp({
    source: () => changeOf(guests(count), [network]),
    ports: { server: 0, client: 68 },
    broadcastAddress: '127.255.255.255',
    bindAddresses: { [network.name]: '127.0.0.1' },
  })
  try {
    const times: number[] = []
    for (let at = 0; at < 1_000; at++) {
      const changed = guestAt(at, formatIpv4(parseIpv4('10.70.0.0') + at))
      const began = performance.now()
      await service.update({ put: [reservationOf(changed)] })
      times.push(performance.now() - began)
    }
    return times.sort((a, b) => a - b)[990] ?? Number.NaN
  } finally {
    await service.close()
  }
}
