import { DomusError } from '../errors.ts'
import type { HostInfo } from './toolstack.ts'

/** Reads the `key : value` lines of `xl info`. @throws DomusError 'command-failed' when one we need is missing */
export function parseInfo(stdout: string): HostInfo {
  const values = new Map(stdout.split('\n').map(pairOf))
  const textOf = (key: string) => {
    const value = values.get(key)
    if (value === undefined) throw new DomusError('command-failed', `xl info gave no ${key}`)
    return value
  }
  const numberOf = (key: string) => {
    const value = textOf(key)
    if (!/^\d+$/.test(value))
      throw new DomusError('command-failed', `xl info gave ${key} ${value}, not a number`)
    return Number(value)
  }
  return {
    host: values.get('host'),
    version: `${textOf('xen_major')}.${textOf('xen_minor')}${values.get('xen_extra') ?? ''}`,
    freeMemoryMiB: numberOf('free_memory'),
    totalMemoryMiB: numberOf('total_memory'),
    cpus: numberOf('nr_cpus'),
    xenCaps: words(textOf('xen_caps')),
    virtCaps: words(values.get('virt_caps') ?? ''),
    commandLine: values.get('xen_commandline') ?? '',
  }
}

function pairOf(line: string): [string, string] {
  const colon = line.indexOf(':')
  return colon < 0 ? [line.trim(), ''] : [line.slice(0, colon).trim(), line.slice(colon + 1).trim()]
}

const words = (text: string) => text.split(/\s+/).filter((word) => word !== '')
