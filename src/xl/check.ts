import { checkTogether } from './check-together.ts'
import { checkValue } from './check-value.ts'
import { cmdlineAsXl } from './cmdline.ts'
import { formatDisk, readDisk } from './disk.ts'
import { error, type Finding, findingOf, hint, inTextOrder, type Remark, warning } from './finding.ts'
import { type Form, keyLike, xlKeys } from './keys.ts'
import { parseXl } from './parse.ts'
import { type Setting, type Settings, settle, textsOf } from './settings.ts'
import type { Assignment, Position } from './syntax.ts'
import { checkVif } from './vif.ts'
import { xmKeys } from './xm-keys.ts'

/** Everything to say about the text of an xl config, in the order of the text; nothing is a good config. */
export function checkXl(text: string): Finding[] {
  const { assignments, faults } = parseXl(text)
  const { settings, faults: sums } = settle(assignments)
  const syntax = [...faults, ...sums].map(({ at, message }) =>
    findingOf('', at, error('syntax', message, 'xl refuses the whole file until this is put right')),
  )
  return inTextOrder([...syntax, ...checkSettings(assignments, settings)])
}

/** The part of it that does not depend on how the file is written. */
export function checkSettings(assignments: readonly Assignment[], settings: Settings): Finding[] {
  return [
    ...repeated(assignments),
    ...[...settings].flatMap(([key, setting]) =>
      checkSetting(key, setting, settings).map((remark) => findingOf(key, remark.at ?? setting.at, remark)),
    ),
    ...checkTogether(settings),
  ]
}

type PlacedRemark = Remark & { readonly at?: Position }

function checkSetting(key: string, setting: Setting, settings: Settings): PlacedRemark[] {
  const form = xlKeys.get(key)
  if (form === undefined) return [unknownKey(key, settings)]
  const shape = checkForm(key, setting, form)
  if (shape !== undefined) return [shape]
  if (key === 'vif') return eachText(setting, checkVif)
  if (key === 'disk') return eachText(setting, checkDisk)
  return setting.value.kind === 'text' ? checkValue(key, setting.value.text) : []
}

function unknownKey(key: string, settings: Settings): Remark {
  const dead = xmKeys.get(key)
  if (dead !== undefined) {
    const remark = dead.isVital && isMissed(key, settings) ? error : warning
    return remark('ignored-by-xl', `xl ignores ${key} without a word: ${dead.was}`, dead.fix)
  }
  const like = keyLike(key)
  return warning(
    'unknown-key',
    `xl does not know ${key} and ignores it without a word`,
    like === undefined ? 'leave it out' : `write ${like}`,
  )
}

/** xend used these when there was an address, DHCP or an NFS root; the command line may say the same by now. */
function isMissed(key: string, settings: Settings): boolean {
  const cmdline = cmdlineAsXl(settings) ?? ''
  if (key.startsWith('nfs_')) return !/(?:^|\s)(?:nfsroot=|root=nfs)/.test(cmdline)
  const isUsed = ['ip', 'dhcp', 'nfs_root'].some((one) => settings.has(one))
  return isUsed && !/(?:^|\s)ip=/.test(cmdline)
}

function checkForm(key: string, { value, wasAdded }: Setting, form: Form): Remark | undefined {
  if (form === 'text or list') return undefined
  if (form === 'list') {
    return value.kind === 'list'
      ? undefined
      : error('wrong-form', `${key} must be a list: xl ignores a single value`, `write ${key} = [ … ]`)
  }
  if (value.kind === 'list')
    return error('wrong-form', `${key} must be a single value: xl ignores a list`, `write ${key} = …`)
  if (form === 'text') return undefined
  if (wasAdded) return error('wrong-form', `xl reads no number from ${key} +=`, `write ${key} =`)
  return isNumber(value.text)
    ? undefined
    : error('wrong-value', `${value.text} is no number: xl ignores ${key}`, `give ${key} a number`)
}

/** strtol with base 0. @see libxlu_cfg.c: xlu_cfg_get_bounded_long */
const isNumber = (text: string) => /^\s*[-+]?(?:0[xX][0-9a-fA-F]+|0[0-7]*|[1-9]\d*)$/.test(text)

function eachText({ value }: Setting, check: (text: string) => Remark[]): PlacedRemark[] {
  const texts = textsOf(value)
  const cut = value.kind === 'list' ? value.items[texts.length] : undefined
  return [
    ...texts.flatMap(({ text, at }) => check(text).map((remark) => ({ ...remark, at }))),
    ...(cut === undefined
      ? []
      : [
          {
            ...error(
              'wrong-form',
              'a list inside the list: xl stops reading here',
              'write every entry as a string',
            ),
            at: cut.at,
          },
        ]),
  ]
}

function checkDisk(text: string): Remark[] {
  const read = readDisk(text)
  if ('message' in read) {
    const fix = /^cow:/.test(text)
      ? 'make a qcow2 overlay or an LVM snapshot, and name that'
      : 'write it as TARGET,FORMAT,VDEV,ACCESS'
    return [error('disk', `xl refuses "${text}": ${read.message}`, fix)]
  }
  const { disk } = read
  const remarks: Remark[] = []
  if (disk.prefixes.length > 0 && disk.script === undefined) {
    remarks.push(
      hint('deprecated', `${disk.prefixes.join('')} says nothing any more`, `write ${formatDisk(disk)}`),
    )
  }
  if (disk.hasDirectIoSafe) {
    remarks.push(
      warning(
        'disk',
        'direct-io-safe loses data when the image lies on a network file system',
        'leave it out unless it is local',
      ),
    )
  }
  return remarks
}

function repeated(assignments: readonly Assignment[]): Finding[] {
  const last = new Map<string, Assignment>()
  const findings: Finding[] = []
  for (const assignment of assignments) {
    const before = last.get(assignment.key)
    if (before !== undefined && !assignment.adds) {
      findings.push(
        findingOf(
          assignment.key,
          assignment.at,
          warning(
            'repeated',
            `${assignment.key} is set in line ${before.at.line} already; the last one counts`,
            'leave one of them out',
          ),
        ),
      )
    }
    last.set(assignment.key, assignment)
  }
  return findings
}
