import { Command, Option } from 'commander'
import type { ClientName } from '../dhcp/clients/kinds.ts'
import type { SimulateResult } from '../dhcp/simulate.ts'
import { out, outJson } from './output.ts'
import { inventoryFrom } from './render.ts'

const CLIENTS: readonly ClientName[] = ['kernel', 'klibc', 'bootp', 'udhcpc', 'dhclient']

/** `domus dhcp simulate|watch|probe`. */
export function dhcpCommand(): Command {
  const command = new Command('dhcp').description('look at what DHCP does, or would do')
  command.addCommand(simulateCommand())
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
