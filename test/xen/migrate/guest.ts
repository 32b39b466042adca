import type { HostNumber } from '../settings.ts'
import { guestConsoleLog, type Lab } from '../start-lab.ts'

/** Identity of a running guest, as the host tells it. */
export interface Identity {
  readonly uuid: string
  readonly mac: string
  /** The MAC that answers to the guest's address on the network. */
  readonly answersAt: string
}

const PING = ['ping', '-n', '-c', '1', '-W', '10']

export async function identityOf(
  lab: Lab,
  host: HostNumber,
  name: string,
  address: string,
): Promise<Identity> {
  const [entry] = JSON.parse(await lab.must(host, ['xl', 'list', '-l', name]))
  const other: HostNumber = host === 1 ? 2 : 1
  await lab.must(other, [...PING, address])
  const neighbour = await lab.must(other, ['ip', 'neigh', 'show', address])
  return {
    uuid: entry.config.c_info.uuid,
    mac: entry.config.nics[0].mac,
    answersAt: /lladdr (\S+)/.exec(neighbour)?.[1] ?? neighbour,
  }
}

/** Names of the guests on a host, as xl lists them, without dom0. */
export async function guestsOn(lab: Lab, host: HostNumber): Promise<readonly string[]> {
  const { exitCode, stdout, stderr } = await lab.ssh(host, ['xl', 'list'])
  if (exitCode !== 0) throw new Error(stderr)
  return stdout
    .split('\n')
    .slice(2)
    .map((line) => line.split(/\s/)[0] ?? '')
}

/** Where a guest's console goes on a host that it arrived at by migration. */
export const arrivalLog = (name: string): string => guestConsoleLog(`${name}--incoming`)
