import { Command, Option } from 'commander'
import type { ResourceView } from '../service/jobs.ts'
import { withJobs } from './open.ts'
import { type Format, formatTable, out, outJson } from './output.ts'

interface GetOptions {
  output: Format
  json?: boolean
}

/** `domus get KIND [NAME]`: what is recorded, and for domains what their hosts say of them. */
export function getCommand(): Command {
  return new Command('get')
    .description('list resources: networks, servers, images, kernels, hosts, domains, operations')
    .argument('<kind>')
    .argument('[name]')
    .addOption(
      new Option('-o, --output <format>', 'form').choices(['table', 'json', 'yaml', 'name']).default('table'),
    )
    .option('--json', 'the same as -o json')
    .action(async (kind: string, name: string | undefined, options: GetOptions, command: Command) => {
      const format = options.json ? 'json' : options.output
      if (kind === 'operations' || kind === 'operation') {
        const { showOperations } = await import('./operations.ts')
        return withJobs(command, (jobs) => showOperations(jobs, name, format), 'reader')
      }
      const noun = await nounOf(kind)
      const found = await withJobs(
        command,
        async (jobs) => {
          const list = await jobs.list(noun)
          return name === undefined ? list : [await only(list, noun, name)]
        },
        'reader',
      )
      await show(found, format, name !== undefined)
    })
}

export async function nounOf(kind: string) {
  const { NOUNS } = await import('../model/inventory.ts')
  const { DomusError } = await import('../errors.ts')
  const noun = NOUNS.find((one) => one === kind || one === `${kind}s`)
  if (noun) return noun
  throw new DomusError('invalid-input', `there is no kind ${kind}; known: ${NOUNS.join(', ')}, operations`)
}

async function only(list: readonly ResourceView[], noun: string, name: string): Promise<ResourceView> {
  const found = list.find((one) => one.name === name)
  if (found) return found
  const { DomusError } = await import('../errors.ts')
  const { listed } = await import('../model/problem.ts')
  const known = listed(list.map((one) => one.name))
  throw new DomusError('not-found', `no ${noun.slice(0, -1)} ${name}; known: ${known}`)
}

async function show(list: readonly ResourceView[], format: Format, isOne: boolean) {
  const specs = list.map(({ spec, state }) => ({ ...spec, ...(state !== undefined && { state }) }))
  switch (format) {
    case 'json':
      return outJson(isOne ? specs[0] : specs)
    case 'yaml': {
      const { stringify } = await import('yaml')
      return out(stringify(isOne ? specs[0] : specs))
    }
    case 'name':
      return out(list.map(({ name }) => `${name}\n`).join(''))
    case 'table':
      return out(table(list))
  }
}

const COLUMNS: Record<ResourceView['noun'], readonly string[]> = {
  networks: ['name', 'cidr', 'bridge', 'gateway', 'dhcp'],
  servers: ['name', 'address', 'kind', 'machine'],
  images: ['name', 'server', 'path', 'sharing'],
  kernels: ['name', 'path', 'type', 'initrd'],
  hosts: ['name', 'machine', 'toolstack'],
  domains: ['name', 'host', 'image', 'network', 'address', 'boot', 'state'],
}

function table(list: readonly ResourceView[]): string {
  const [first] = list
  if (!first) return ''
  const columns = COLUMNS[first.noun]
  const cell = ({ spec, state }: ResourceView, column: string) =>
    column === 'state' ? (state ?? '') : String(spec[column] ?? '')
  return formatTable(
    columns.map((column) => column.toUpperCase()),
    list.map((resource) => columns.map((column) => cell(resource, column))),
  )
}
