import { expect } from 'vitest'
import type { VerifyView } from '../../src/service/jobs.ts'
import { type Finished, guestConsoleLog, type Lab, type RunOptions } from './start-lab.ts'

// The book's guest in the lab: one domain, menas, on an inventory in which tests change what they are about.

export const GUEST = 'menas'
export const ADDRESS = '10.77.0.50'
export const ROOT = '/srv/xen/images/slack'
export const CONFIG_FILE = `/etc/xen/${GUEST}.cfg`

/** For one command or one stage of a boot, on a machine that has other work too. */
export const PATIENCE_MS = 400_000

export type Fields = Readonly<Record<string, unknown>>

export const site = (over: Fields = {}): Fields => ({
  site: 'lab',
  networks: [lan()],
  servers: [{ name: 'filer', address: '10.77.0.1', machine: 'ssh://root@10.77.0.1' }],
  images: [
    { name: 'slack', server: 'filer', path: ROOT },
    { name: 'base', server: 'filer', path: '/srv/xen/images/base', sharing: 'shared' },
  ],
  kernels: [kernel('pvh'), kernel('pv')],
  hosts: [{ name: 'xen1', machine: 'ssh://root@10.77.0.1' }],
  domains: [menas()],
  ...over,
})

export const lan = (over: Fields = {}): Fields => ({
  name: 'lan',
  cidr: '10.77.0.0/24',
  bridge: 'xenbr0',
  range: '10.77.0.50-10.77.0.99',
  dhcpServer: '10.77.0.100',
  ...over,
})

/** The lab's own kernel, as a guest of this type. */
const kernel = (type: 'pv' | 'pvh'): Fields => ({ name: type, path: '/boot/vmlinuz-nfsroot', type })

export const menas = (over: Fields = {}): Fields => ({
  name: GUEST,
  image: 'slack',
  network: 'lan',
  host: 'xen1',
  kernel: 'pv', // boots in two thirds of a PVH guest's time here, and better on a busy machine
  memoryMiB: 64,
  address: ADDRESS,
  boot: 'static',
  ...over,
})

/** Runs domus and expects how it ends. */
export async function domus(
  lab: Lab,
  argv: readonly string[],
  { exitCode = 0, ...options }: RunOptions & { readonly exitCode?: number } = {},
): Promise<Finished> {
  const result = await lab.domus(argv, { timeoutMs: PATIENCE_MS, ...options })
  expect(result.exitCode, `${argv.join(' ')}\n${result.stdout}\n${result.stderr}`).toBe(exitCode)
  return result
}

export const apply = (lab: Lab, document: Fields) =>
  domus(lab, ['apply', '-f', '-', '--yes', '--prune', '--json'], { input: JSON.stringify(document) })

export async function verify(lab: Lab, options: readonly string[] = []): Promise<VerifyView> {
  const { stdout, stderr } = await lab.domus(['verify', GUEST, '--json', ...options], {
    timeoutMs: PATIENCE_MS,
  })
  expect(stdout, stderr).toContain('"links"')
  return JSON.parse(stdout)
}

/** The links of a verdict that are not ok, as a person would want to read them when a test fails. */
export const notOk = ({ links }: VerifyView) => links.filter(({ status }) => status !== 'ok')
export const failing = ({ links }: VerifyView) => links.filter(({ status }) => status === 'fail')

/** Starts the guest with nothing left of earlier boots on its console. */
export async function start(lab: Lab, options: readonly string[] = []): Promise<Finished> {
  await lab.must(1, ['rm', '-f', guestConsoleLog(GUEST)])
  return lab.domus(['start', GUEST, '--json', ...options], { timeoutMs: PATIENCE_MS })
}

/** Boots the guest as a user does, to its own word that it is there; gives all of its console. */
export async function boot(lab: Lab): Promise<string> {
  const started = await start(lab, ['--wait'])
  expect(started.exitCode, started.stdout + started.stderr).toBe(0)
  const console = lab.console(1, GUEST)
  await console.waitFor(/^DOMUS-GUEST tick 1$/, PATIENCE_MS)
  await console.close()
  return console.text()
}

/** Ends every guest, whatever started it; the next site is applied over the one that is there. */
export const endGuests = (lab: Lab) =>
  lab.must(
    1,
    ['sh', '-c', 'for id in $(xl list | awk \'NR > 2 { print $2 }\'); do xl destroy "$id"; done; :'],
    { timeoutMs: PATIENCE_MS },
  )

/** Waits in dom0 until a shell condition holds. */
export const until = (lab: Lab, condition: string) =>
  lab.must(1, ['timeout', `${PATIENCE_MS / 1000}`, 'sh', '-c', `until ${condition}; do sleep 0.2; done`], {
    timeoutMs: PATIENCE_MS,
  })

/** Types a line on the guest's console, whose shell runs it. */
export const type = (lab: Lab, line: string) =>
  lab.must(1, ['sh', '-c', `cat > "$(xenstore-read /local/domain/$(xl domid ${GUEST})/console/tty)"`], {
    input: `${line}\n`,
  })
