import { DomusError } from '../errors.ts'
import type { DomainOnHost } from './toolstack.ts'

type Fields = Readonly<Record<string, unknown>>

/** Reads the JSON of `xl list -l`; dom0 is left out. @throws DomusError 'command-failed' when it is none */
export function parseList(stdout: string): DomainOnHost[] {
  return listIn(stdout)
    .filter((entry) => entry.domid !== 0)
    .map(domainOf)
}

function listIn(stdout: string): Fields[] {
  let parsed: unknown
  try {
    parsed = JSON.parse(stdout)
  } catch (cause) {
    throw new DomusError(
      'command-failed',
      'xl list -l gave no JSON: output_format in /etc/xen/xl.conf must be "json"',
      { cause },
    )
  }
  if (!Array.isArray(parsed)) throw new DomusError('command-failed', 'xl list -l gave no list of domains')
  return parsed.map(fieldsOf)
}

function domainOf(entry: Fields): DomainOnHost {
  const config = fieldsOf(entry.config)
  const create = fieldsOf(config.c_info)
  const build = fieldsOf(config.b_info)
  // Before Xen 4.10 kernel, ramdisk and cmdline were fields of the type.
  const typed = fieldsOf(build['type.pv'])
  const textOf = (key: string) => text(build[key]) ?? text(typed[key])
  const { domid } = entry
  const name = text(create.name)
  const uuid = text(create.uuid)
  if (typeof domid !== 'number' || name === undefined || uuid === undefined) {
    throw new DomusError(
      'command-failed',
      `xl list -l gave a domain without domid, name or uuid: ${JSON.stringify(entry)}`,
    )
  }
  const memoryKiB = build.target_memkb ?? build.max_memkb
  return {
    name,
    domid,
    uuid: uuid.toLowerCase(),
    type: text(create.type),
    memoryMiB: typeof memoryKiB === 'number' ? Math.floor(memoryKiB / 1024) : undefined,
    kernel: textOf('kernel'),
    ramdisk: textOf('ramdisk'),
    cmdline: textOf('cmdline'),
    vifs: (Array.isArray(config.nics) ? config.nics : []).map(vifOf),
  }
}

function vifOf(nic: unknown): DomainOnHost['vifs'][number] {
  const { mac, bridge, ifname } = fieldsOf(nic)
  return { mac: (text(mac) ?? '').toLowerCase(), bridge: text(bridge), name: text(ifname) }
}

const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {}

const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined)
