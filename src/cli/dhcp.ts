import { Command, Option } from 'commander'
import type { ClientName } from '../dhcp/clients/kinds.ts'
import type { SimulateResult } from '../dhcp/simulate.ts'
import { DomusError } from '../errors.ts'
import { dhcpPortsOf, settingsOf } from './open.ts'
import { formatTable, out, outJson } from './output.ts'
import { inventoryFrom } from './render.ts'

const CLIENTS: readonly ClientName[] = ['kernel', 'klibc', 'bootp', 'udhcpc', 'dhclient']

/** `domus dhcp simulate|watch|probe`. */
export function dhcpCommand(): Command {
  const command = new Command('dhcp').description('look at what DHCP does, or would do')
  for (const one of [simulateCommand(), watchCommand(), probeCommand()]) command.addCommand(one)
  return command
}

function simulateCommand(): Command {
  return new Command('simulate')
    .description('what we would answer, and what a client makes of it (exit 3: we would not answer)')
    .requiredOption('--mac <mac>', 'six hex pairs with colons')
    .addOption(new Option('--client <client>', 'who asks').choices(CLIENTS).default('kernel'))
    .option('-f, --file <file>', 'site document; what is recorded when left out')
    .option('--json', 'as JSON')
    .action(async (options: SimulateOptions, command: Command) => {
      const { simulateMac } = await import('../service/dhcp.ts')
      const inventory = await inventoryFrom(command, options.file)
      const result = simulateMac(inventory, options.mac, options.client)
      if (options.json === true) outJson(result)
      else out(describeSimulation(result))
      if (!result.answered) process.exitCode = 3
    })
}

function watchCommand(): Command {
  return new Command('watch')
    .description('packets and answers, one line each, until it is interrupted')
    .option('-f, --file <file>', 'site document, where no service runs')
    .option('--json', 'one JSON document per line')
    .action(async (options: { file?: string; json?: boolean }, command: Command) => {
      const { watchDhcp } = await import('./dhcp-watch.ts')
      await watchDhcp(command, options)
    })
}

function probeCommand(): Command {
  return new Command('probe')
    .description('ask a network for other DHCP servers (exit 3: there are some)')
    .argument('<network>')
    .option('-f, --file <file>', 'site document; what is recorded when left out')
    .option('--wait <seconds>', 'how long to wait for offers', '5')
    .option('--json', 'as JSON')
    .action(async (name: string, options: ProbeCommandOptions, command: Command) => {
      const { probeServers } = await import('../service/dhcp.ts')
      const { find } = await import('../service/render.ts')
      const network = find(await inventoryFrom(command, options.file), 'networks', name)
      const ports = dhcpPortsOf(await settingsOf(command))
      const servers = await probeServers(network, { ports, waitMs: secondsOf(options.wait) * 1000 })
      if (options.json === true) outJson({ network: name, servers })
      else if (servers.length === 0)
        out(`network ${name}: no other DHCP server offers addresses to strangers`)
      else
        out(
          formatTable(
            ['SERVER', 'FROM', 'OFFERED'],
            servers.map((one) => [one.server, one.from, one.offered]),
          ),
        )
      if (servers.length > 0) process.exitCode = 3
    })
}

interface ProbeCommandOptions {
  file?: string
  wait: string
  json?: boolean
}

function secondsOf(text: string): number {
  if (!/^\d+(?:\.\d+)?$/.test(text)) {
    throw new DomusError('invalid-input', `--wait ${text}: must be a number of seconds`)
  }
  return Number(text)
}

interface SimulateOptions {
  mac: string
  client: ClientName
  file?: string
  json?: boolean
}

function describeSimulation(result: SimulateResult): string {
  const { mac, client, messages } = result
  const exchange = messages.map(({ asked, answer, bytes }) =>
    bytes === 0 ? `  ${asked} → ${answer}` : `  ${asked} → ${answer} (${bytes} bytes)`,
  )
  if (!result.answered) return [`${mac} as ${client}: no answer: ${result.reason}`, ...exchange].join('\n')
  const facts = [
    ['domain', result.domain],
    ['network', result.network],
    ['address', result.address],
    ['netmask', result.netmask],
    ['gateway', result.gateway],
    ['dns', result.dns.join(' ')],
    ['ntp', result.ntp.join(' ')],
    ['host name', result.hostName],
    ['DNS domain', result.domainName],
    ['mtu', result.mtu],
    ['root server', result.rootServer],
    ['root path', result.rootPath],
    ['NFS options', result.nfsOptions],
  ] as const
  return [
    `${mac} as ${client}: answered`,
    ...exchange,
    ...facts.flatMap(([label, value]) =>
      value === null || value === '' ? [] : [`${`${label}:`.padEnd(13)} ${value}`],
    ),
  ].join('\n')
}
