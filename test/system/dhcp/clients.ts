import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Lan } from './lan.ts'
import type { Program } from './programs.ts'

/** What a real client says it got, in its own words: the variables its script is given. */
export type Lease = Readonly<Record<string, string>>

const WAIT_SECONDS = '20'

/** `ipconfig` of klibc, as Debian's initramfs runs it; what it leaves in /run/net-eth0.conf. */
export function klibc(lan: Lan, machine: string, protocol: 'dhcp' | 'bootp'): Lease {
  const ipconfig = '/usr/lib/klibc/bin/ipconfig'
  const script = `mount -t tmpfs none /run && ${ipconfig} -t ${WAIT_SECONDS} -c ${protocol} eth0 >&2 && cat /run/net-eth0.conf`
  return variables(lan.run(machine, 'sh', '-c', script))
}

export interface RunningClient extends Program {
  /** The lease with this reason, such as `bound` or `renew`; the next one when called again. */
  lease(reason: string): Promise<Lease>
  /** Tells it to renew its lease, again and again until it has: a signal may come while it is deaf. */
  renew(): Promise<Lease>
}

const RENEW_MS = 4_000
const RENEW_TRIES = 15

/** Takes from the card what the client before it left there. */
const forget = (lan: Lan, machine: string) => lan.run(machine, 'ip', 'address', 'flush', 'dev', 'eth0')

/** busybox udhcpc. */
export function udhcpc(lan: Lan, machine: string, ...options: string[]): RunningClient {
  forget(lan, machine)
  const script = printingScript('$1')
  const argv = [
    'busybox',
    'udhcpc',
    '-f',
    '-i',
    'eth0',
    '-s',
    script.path,
    '-t',
    '20',
    '-T',
    '1',
    '-O',
    'rootpath',
  ]
  return reading(lan, machine, lan.start(machine, ...argv, ...options), script.folder)
}

/** ISC dhclient. */
export function dhclient(lan: Lan, machine: string): RunningClient {
  forget(lan, machine)
  const script = printingScript('$reason')
  const conf = join(script.folder, 'dhclient.conf')
  writeFileSync(conf, 'request subnet-mask, routers, host-name, root-path, interface-mtu;\ntimeout 20;\n')
  const files = ['-cf', conf, '-lf', join(script.folder, 'leases'), '-pf', join(script.folder, 'pid')]
  return reading(
    lan,
    machine,
    lan.start(machine, 'dhclient', '-d', '-v', ...files, '-sf', script.path, 'eth0'),
    script.folder,
  )
}

/** dhcpcd, with the root path asked for. */
export function dhcpcd(lan: Lan, machine: string): RunningClient {
  forget(lan, machine)
  const script = printingScript('$reason')
  const conf = join(script.folder, 'dhcpcd.conf')
  writeFileSync(
    conf,
    'duid\noption subnet_mask, routers, host_name, root_path, interface_mtu\nnoarp\nnoipv4ll\n',
  )
  const dhcpcd = `mount -t tmpfs none /run && mkdir -p /run/dhcpcd && mount -t tmpfs none /var/lib/dhcpcd && exec dhcpcd -B -4 -f ${conf} -c ${script.path} eth0`
  return reading(lan, machine, lan.start(machine, 'sh', '-c', dhcpcd), script.folder)
}

/** A script that prints its variables between marks, and gives the interface the address it got. */
function printingScript(reason: string): { path: string; folder: string } {
  const folder = mkdtempSync(join(tmpdir(), 'domus-dhcp-'))
  const path = join(folder, 'script')
  const text = `#!/bin/sh
{ echo "<<<${reason}"; env; echo ">>>"; } > "${folder}/out.$$"
cat "${folder}/out.$$" >&2
address="$ip$new_ip_address"
[ -z "$address" ] || ip address replace "$address/24" dev eth0
exit 0
`
  writeFileSync(path, text, { mode: 0o755 })
  return { path, folder }
}

function reading(lan: Lan, machine: string, program: Program, folder: string): RunningClient {
  let from = 0
  async function lease(reason: string, timeoutMs?: number): Promise<Lease> {
    const pattern = new RegExp(`^[^]{${from}}[^]*?<<<${reason}\\n([^]*?)>>>`)
    const found = await program.said(pattern, timeoutMs)
    from = found[0].length
    return variables(found[1] ?? '')
  }
  return {
    ...program,
    lease: (reason) => lease(reason),
    async renew() {
      from = program.output().length
      for (let tries = 1; ; tries++) {
        program.signal('SIGUSR1') // udhcpc and dhcpcd renew at it
        try {
          return await lease('(?:renew|RENEW)', RENEW_MS)
        } catch (error) {
          if (tries === RENEW_TRIES) throw error
        }
      }
    },
    async stop() {
      lan.clear(machine)
      await program.ended()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** `NAME='value'` or `NAME=value`, one per line. */
const variables = (text: string): Lease =>
  Object.fromEntries(
    [...text.matchAll(/^(\w+)=(?:'(.*)'|(.*))$/gm)].map(([, name, quoted, plain]) => [
      name ?? '',
      quoted ?? plain ?? '',
    ]),
  )
