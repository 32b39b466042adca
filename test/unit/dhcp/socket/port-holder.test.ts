import { expect, test } from 'vitest'
import { parseUdpTable } from '../../../../src/dhcp/socket/port-holder.ts'

test('the table of UDP sockets is read, IPv6 in its last four bytes', () => {
  const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
 1234: 00000000:0043 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4711 2 0000000000000000 0
 1235: 0100007F:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000   101        0 4712 2 0000000000000000 0
 1236: 00000000000000000000000000000000:0043 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000 0 0 4713 2 0 0
`
  expect(parseUdpTable(table)).toEqual([
    { address: '0.0.0.0', port: 67, inode: '4711' },
    { address: '127.0.0.1', port: 53, inode: '4712' },
    { address: '0.0.0.0', port: 67, inode: '4713' },
  ])
})
