import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { formatIpv4, parseIpv4 } from '../../src/model/address.ts'
import { CIDR, FIRST_ADDRESS, FIRST_MAC, NETMASK, SERVER } from './dhcp-net.ts'

/** Another DHCP server, given an easier job than ours: one root path for all. */
export interface Peer {
  readonly program: string
  readonly debianPackage: string
  /** Writes its configuration for so many reservations; returns its command line. */
  configure(folder: string, device: string, clients: number): readonly string[]
}

const ROOT_PATH = '10.64.0.1:/srv/root'
const LEASE_SECONDS = 86400

/** Whole, since npm puts the program of the same name of the package `dhcp` first on the path. */
const DHCPD = '/usr/sbin/dhcpd'

export const peers: Readonly<Record<'kea' | 'isc' | 'coredhcp' | 'dnsmasq', Peer>> = {
  kea: {
    program: 'kea-dhcp4',
    debianPackage: 'kea-dhcp4-server',
    configure(folder, device, clients) {
      const config = {
        Dhcp4: {
          'interfaces-config': { interfaces: [device], 'dhcp-socket-type': 'udp' },
          'lease-database': { type: 'memfile', persist: false },
          'host-reservation-identifiers': ['hw-address'],
          'valid-lifetime': LEASE_SECONDS,
          'multi-threading': { 'enable-multi-threading': false },
          loggers: [{ name: 'kea-dhcp4', severity: 'ERROR', output_options: [{ output: 'stderr' }] }],
          subnet4: [
            {
              id: 1,
              subnet: CIDR,
              'next-server': SERVER,
              'option-data': [
                { name: 'routers', data: SERVER },
                { name: 'root-path', data: ROOT_PATH },
              ],
              reservations: reserved(clients).map(({ mac, address, name }) => ({
                'hw-address': mac,
                'ip-address': address,
                hostname: name,
              })),
            },
          ],
        },
      }
      const file = write(folder, 'kea.json', JSON.stringify(config))
      return ['kea-dhcp4', '-c', file]
    },
  },
  isc: {
    program: DHCPD,
    debianPackage: 'isc-dhcp-server',
    configure(folder, device, clients) {
      const hosts = reserved(clients).map(
        ({ mac, address, name }) =>
          `host ${name} { hardware ethernet ${mac}; fixed-address ${address}; option host-name "${name}"; }`,
      )
      const text = `authoritative;
default-lease-time ${LEASE_SECONDS};
max-lease-time ${LEASE_SECONDS};
next-server ${SERVER};
option root-path "${ROOT_PATH}";
subnet 10.64.0.0 netmask ${NETMASK} { option routers ${SERVER}; }
${hosts.join('\n')}
`
      const file = write(folder, 'dhcpd.conf', text)
      const leases = write(folder, 'dhcpd.leases', '')
      return [DHCPD, '-4', '-f', '-q', '-cf', file, '-lf', leases, '-pf', join(folder, 'dhcpd.pid'), device]
    },
  },
  coredhcp: {
    program: 'coredhcp',
    debianPackage: 'coredhcp-server',
    configure(folder, device, clients) {
      const leases = reserved(clients).map(({ mac, address }) => `${mac} ${address}`)
      const file = write(folder, 'coredhcp-leases.txt', `${leases.join('\n')}\n`)
      const text = `server4:
  listen: "%${device}"
  plugins:
    - lease_time: ${LEASE_SECONDS}s
    - server_id: ${SERVER}
    - router: ${SERVER}
    - netmask: ${NETMASK}
    - file: "${file}"
`
      return ['coredhcp', '-L', 'fatal', '-c', write(folder, 'coredhcp.yml', text)]
    },
  },
  dnsmasq: {
    program: 'dnsmasq',
    debianPackage: 'dnsmasq-base',
    configure(folder, _device, clients) {
      const hosts = reserved(clients).map(({ mac, address, name }) => `${mac},${address},${name}`)
      const file = write(folder, 'dnsmasq.hosts', `${hosts.join('\n')}\n`)
      return [
        ...[
          'dnsmasq',
          '--keep-in-foreground',
          '--conf-file=/dev/null',
          '--port=0',
          '--quiet-dhcp',
          '--leasefile-ro',
        ],
        ...['--log-facility=/dev/null', '--user=root', `--pid-file=${join(folder, 'dnsmasq.pid')}`],
        `--dhcp-range=10.64.0.0,static,${NETMASK},${LEASE_SECONDS}`,
        `--dhcp-hostsfile=${file}`,
        `--dhcp-lease-max=${clients + 1000}`,
        '--dhcp-authoritative',
        `--dhcp-option=option:router,${SERVER}`,
        `--dhcp-option=option:root-path,${ROOT_PATH}`,
        `--dhcp-boot=,,${SERVER}`,
      ]
    },
  },
}

/** The reservations everybody gets: address and name of each MAC. */
function reserved(clients: number) {
  const first = parseIpv4(FIRST_ADDRESS)
  return Array.from({ length: clients }, (_, at) => ({
    mac: macOf(at),
    address: formatIpv4(first + at),
    name: `guest${at}`,
  }))
}

export const macOf = (at: number) =>
  (FIRST_MAC + at)
    .toString(16)
    .padStart(12, '0')
    .replace(/..(?=.)/g, '$&:')

function write(folder: string, name: string, text: string): string {
  const file = join(folder, name)
  writeFileSync(file, text)
  return file
}
