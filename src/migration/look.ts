import { describeError } from '../errors.ts'
import type { Name } from '../model/grammar.ts'
import type { Known } from '../nfs/facts.ts'
import { readTagged } from '../nfs/linux-reading.ts'
import type { DomainOnHost, DomainState, HostInfo, Toolstack } from '../toolstack/toolstack.ts'
import { type CpuFeatures, parseCpuFeatures } from './cpu.ts'

/** What one look at a host tells that a guest is to leave or to go to. */
export interface HostLook {
  /** Which boot of which machine it is. */
  readonly bootId: string | undefined
  readonly systemd: boolean
  readonly info: Known<HostInfo>
  readonly domains: Known<readonly DomainOnHost[]>
  readonly states: Known<readonly DomainState[]>
  /** Memory of dom0. */
  readonly dom0MiB: number | undefined
  readonly cpu: Known<CpuFeatures>
  /** Of xl.conf; undefined is the default. */
  readonly outputFormat: string | undefined
  readonly autoballoon: string | undefined
  readonly bridges: readonly string[]
  readonly interfaces: readonly string[]
  readonly hasVifScript: boolean
  /** SHA-256 by path; undefined is no such file. */
  readonly files: ReadonlyMap<string, string | undefined>
  readonly disks: ReadonlyMap<string, DiskLook>
  /** Arguments of the migrations that leave it now. */
  readonly leaving: readonly string[]
  /** Process ids of what receives guests now. */
  readonly arriving: readonly number[]
  /** How its ssh reaches the target; undefined when that was not asked. */
  readonly way: WayLook | undefined
}

/** A disk of a guest as a host sees it; `-` is unknown. */
export interface DiskLook {
  readonly type: 'absent' | 'file' | 'block'
  /** World wide name of the device. */
  readonly wwn: string
  readonly fileSystem: string
  readonly source: string
}

/** What came of an ssh from one host to another. */
export interface WayLook {
  readonly exitCode: number
  /** What was said by the target, or by ssh. */
  readonly said: readonly string[]
  /** Seconds since 1970: here before it, and after. */
  readonly before: number
  readonly after: number
}

type Reader = Pick<Toolstack, 'parseInfo' | 'parseList' | 'parseStates'>

/** Reads what the script of look-script.ts printed. */
export function readLook(stdout: string, toolstack: Reader): HostLook {
  const tagged = readTagged(stdout)
  const text = (tag: string) => tagged(tag).join('\n')
  const known = <T>(what: string, tags: string, parse: (stdout: string) => T): Known<T> => {
    const [output = '', words = ''] = [text(tags[0] ?? ''), text(tags[1] ?? '')]
    if (output === '') return { kind: 'unknown', reason: `${what}: ${words || 'it said nothing'}` }
    try {
      return { kind: 'known', value: parse(output) }
    } catch (error) {
      return { kind: 'unknown', reason: describeError(error) }
    }
  }
  return {
    bootId: tagged('B')[0],
    systemd: tagged('T').length > 0,
    info: known('xl info', 'Ii', (output) => toolstack.parseInfo(output)),
    domains: known('xl list -l', 'Ll', (output) => toolstack.parseList(output)),
    states: known('xl list -v', 'Vv', (output) => toolstack.parseStates(output)),
    dom0MiB: dom0MiB(tagged('V')),
    cpu: known('xen-cpuid', 'Cc', parseCpuFeatures),
    outputFormat: unquoted(tagged('O').at(-1)),
    autoballoon: unquoted(tagged('A').at(-1)),
    bridges: tagged('N'),
    interfaces: tagged('F'),
    hasVifScript: tagged('S').length > 0,
    files: new Map(tagged('H').map(fileOf)),
    disks: new Map(tagged('D').flatMap(diskOf)),
    leaving: tagged('P').flatMap((line) =>
      line.startsWith('migrate ') ? [line.slice('migrate '.length)] : [],
    ),
    arriving: tagged('P').flatMap((line) => (line.startsWith('receive ') ? [Number(line.slice(8))] : [])),
    way: wayOf(tagged('W')[0], tagged('X')),
  }
}

const unquoted = (value: string | undefined) => value?.replace(/\s*(?:#.*)?$/, '').replace(/^["']|["']$/g, '')

function dom0MiB(lines: readonly string[]): number | undefined {
  const memory = lines.flatMap((line) => /^Domain-0\s+0\s+(\d+)\s/.exec(line)?.[1] ?? [])[0]
  return memory === undefined ? undefined : Number(memory)
}

function fileOf(line: string): [string, string | undefined] {
  const [, hash, path = ''] = /^(\S+) [ *](.*)$/.exec(line) ?? []
  return [path, hash === '-' ? undefined : hash]
}

function diskOf(line: string): [string, DiskLook][] {
  const [, type, wwn, fileSystem, source, path] =
    /^(absent|file|block) (\S+) (\S+) (\S+) (.*)$/.exec(line) ?? []
  if (type === undefined || wwn === undefined || fileSystem === undefined) return []
  if (source === undefined || path === undefined) return []
  return [[path, { type: type as DiskLook['type'], wwn, fileSystem, source }]] // one of the three, by the pattern
}

function wayOf(clock: string | undefined, lines: readonly string[]): WayLook | undefined {
  if (clock === undefined) return undefined
  const [before = Number.NaN, after = Number.NaN] = clock.split(' ').map(Number)
  const exit = lines.findLast((line) => /^=\d+$/.test(line))
  const said = lines.filter((line) => line !== exit && line !== '')
  return { exitCode: Number(exit?.slice(1) ?? 255), said, before, after }
}

/** Looks at hosts by their names, or why one could not be looked at. */
export type Looks = ReadonlyMap<Name, Known<HostLook>>
