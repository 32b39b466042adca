import { formatDisk, readDisk } from './disk.ts'
import { xlKeys } from './keys.ts'
import { printValue } from './print.ts'
import type { PythonValue } from './python-expression.ts'
import { xlValue } from './xm.ts'
import type { XmValues } from './xm-cmdline.ts'
import { LEAVE_OUT, xmKeys } from './xm-keys.ts'

/** What becomes of one assignment; neither `lines` nor `left`: it stays. */
export interface Converted {
  /** The lines in its place; empty when it goes away. */
  readonly lines?: string
  readonly message?: string
  /** Why it could not be converted. */
  readonly left?: string
}

/** Converts a key that is not part of the command line. */
export function convertValue(key: string, value: PythonValue, values: XmValues): Converted {
  const rule = RULES[key]
  if (rule !== undefined) return rule(value, values)
  if (xlKeys.has(key)) return {}
  const dead = xmKeys.get(key)
  const advice = dead === undefined || dead.fix === LEAVE_OUT ? '' : `; ${dead.fix}`
  return { lines: '', message: `left out: ${dead?.was ?? 'it is no setting of xl'}${advice}` }
}

const RULES: Readonly<Record<string, (value: PythonValue, values: XmValues) => Converted>> = {
  builder: (value, values) => {
    if (values.has('type')) return { lines: '', message: 'left out: type says it' }
    const type = value === 'hvm' ? 'hvm' : 'pv'
    return { lines: line('type', type), message: `is now type = "${type}"` }
  },
  disk: convertDisks,
  vif: convertVifs,
  nics: (value, values) =>
    isList(values.get('vif')) || !(Number(value) > 0)
      ? { lines: '', message: 'left out: every entry of vif is a card' }
      : {
          lines: line('vif', new Array(Number(value)).fill('')),
          message: `is now ${value} empty entries of vif`,
        },
  vcpu_avail: (value, values) => {
    const [all, first] = [Number(values.get('vcpus') ?? 1), bits(Number(value))]
    if (first === 0 || first >= all)
      return { lines: '', message: 'left out: all CPUs are there from the start' }
    return { lines: line('maxvcpus', all), message: `is now maxvcpus = ${all}, with vcpus = ${first}` }
  },
  vcpus: (value, values) => {
    const first = bits(Number(values.get('vcpu_avail') ?? 0))
    return first > 0 && first < Number(value)
      ? { lines: line('vcpus', first), message: `counts the CPUs at the start, which vcpu_avail gives` }
      : {}
  },
  cpu: (value, values) =>
    Number(value) < 0 || values.has('cpus')
      ? { lines: '', message: 'left out: it pins nothing' }
      : { lines: line('cpus', String(value)), message: `is now cpus = "${value}"` },
  cpu_cap: (value) => ({ lines: line('cap', value), message: 'is now cap' }),
  restart: convertRestart,
}

const line = (key: string, value: PythonValue) => {
  const written = xlValue(value)
  return written === undefined ? '' : `${key} = ${printValue(written)}`
}

const isList = (value: PythonValue): value is readonly PythonValue[] => Array.isArray(value)

const bits = (mask: number) => (mask > 0 ? mask.toString(2).replaceAll('0', '').length : 0)

function convertDisks(value: PythonValue): Converted {
  if (!isList(value)) return { left: 'disk is no list' }
  const read = value.map((entry) => ({ entry, disk: readDisk(String(entry)) }))
  const bad = read.find(({ disk }) => 'message' in disk)
  if (bad !== undefined && 'message' in bad.disk) {
    return { left: `xl refuses the disk ${String(bad.entry)}: ${bad.disk.message}` }
  }
  const modern = read.map(({ entry, disk }) =>
    'disk' in disk && disk.disk.prefixes.length > 0 ? formatDisk(disk.disk) : String(entry),
  )
  const changed = value.filter((entry, index) => entry !== modern[index])
  if (changed.length === 0) return {}
  return {
    lines: line('disk', modern),
    message: `${changed.join(' and ')}: the prefix says nothing any more`,
  }
}

/** Blanks around `=` are the one thing that xl takes otherwise than xm did. */
function convertVifs(value: PythonValue, values: XmValues): Converted {
  if (!isList(value)) return { left: 'vif is no list' }
  const missing = Math.max(0, Number(values.get('nics') ?? 0) - value.length)
  const modern = [
    ...value.map((entry) =>
      String(entry)
        .split(',')
        .map((token) => token.trim().replace(/\s*=\s*/, '='))
        .join(','),
    ),
    ...new Array<string>(missing).fill(''),
  ]
  const isSame = value.every((entry, index) => String(entry).replaceAll(', ', ',') === modern[index])
  if (isSame && missing === 0) return {}
  return {
    lines: line('vif', modern),
    message:
      missing > 0
        ? `has ${missing} more entries, as nics asks`
        : 'has no blanks around = any more: xl would ignore these',
  }
}

const RESTARTS: Readonly<Record<string, readonly [string, string, string]>> = {
  always: ['restart', 'restart', 'restart'],
  never: ['destroy', 'destroy', 'destroy'],
  onreboot: ['destroy', 'restart', 'destroy'],
}

function convertRestart(value: PythonValue, values: XmValues): Converted {
  const actions = RESTARTS[String(value)]
  if (actions === undefined) return { left: `restart has no ${String(value)}` }
  const keys = (['on_poweroff', 'on_reboot', 'on_crash'] as const).filter((key) => !values.has(key))
  const meant = { on_poweroff: actions[0], on_reboot: actions[1], on_crash: actions[2] }
  const lines = keys.map((key) => line(key, meant[key])).join('\n')
  return { lines, message: `is now ${keys.join(', ')}` }
}
