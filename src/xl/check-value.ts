import { error, hint, type Remark, warning } from './finding.ts'

const ACTIONS = [
  'destroy',
  'restart',
  'rename-restart',
  'preserve',
  'coredump-destroy',
  'coredump-restart',
  'soft-reset',
]
const UUID = /^[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}$/

/** Remarks about the text of one key, whatever the others say; of keys without a rule there is nothing to say. */
export const checkValue = (key: string, text: string): Remark[] => RULES[key]?.(text) ?? []

const action = (text: string): Remark[] =>
  ACTIONS.includes(text)
    ? []
    : [error('wrong-value', `${text} is no action`, `write one of ${ACTIONS.join(', ')}`)]

const path = (text: string): Remark[] =>
  text === '' || text.startsWith('/')
    ? []
    : [warning('wrong-value', `${text} depends on the folder in which xl is started`, 'write the whole path')]

const positive = (text: string): Remark[] =>
  Number(text) > 0 ? [] : [error('wrong-value', `${text} is too little`, 'give it a number above 0')]

const RULES: Readonly<Record<string, (text: string) => Remark[]>> = {
  name: (text) => {
    if (text === '') return [error('wrong-value', 'the name is empty', 'name the domain')]
    if (/\s/.test(text))
      return [
        warning('wrong-value', 'blanks in the name break the tables of xl list', 'use letters, digits and -'),
      ]
    return /^\d+$/.test(text)
      ? [warning('wrong-value', 'xl commands take a number for a domain id', 'use a letter in the name')]
      : []
  },
  uuid: (text) =>
    UUID.test(text) ? [] : [error('wrong-value', `${text} is no UUID`, 'write one from uuidgen')],
  type: checkType,
  builder: (text) => {
    if (text !== '' && 'generic'.startsWith(text))
      return [warning('deprecated', 'builder is deprecated since Xen 4.10', 'write type = "pv"')]
    if ('hvm'.startsWith(text))
      return [warning('deprecated', 'builder is deprecated since Xen 4.10', 'write type = "hvm"')]
    return [
      error(
        'wrong-value',
        `xl refuses builder ${text}`,
        text === 'linux' ? 'write type = "pv"' : 'write type = "pv" or "pvh"',
      ),
    ]
  },
  kernel: path,
  ramdisk: path,
  memory: positive,
  vcpus: positive,
  maxvcpus: positive,
  maxmem: positive,
  on_poweroff: action,
  on_reboot: action,
  on_crash: action,
  on_watchdog: action,
  on_soft_reset: action,
  nomigrate: (text) =>
    Number(text) === 0
      ? []
      : [
          hint(
            'wrong-value',
            'nomigrate only fixes a CPUID bit: xl migrate does not look at it',
            'do not rely on it',
          ),
        ],
  bootloader: (text) =>
    /\/pygrub$/.test(text)
      ? [hint('deprecated', `${text} ties the config to where pygrub lies`, 'write bootloader = "pygrub"')]
      : [],
}

/** xl compares only as many letters as are there. @see tools/xl/xl_parse.c: parse_config_data */
function checkType(text: string): Remark[] {
  if (['pv', 'pvh', 'hvm'].includes(text)) return []
  if (text === '')
    return [error('wrong-value', 'an empty type means hvm to xl', 'write type = "pv" or "pvh"')]
  const meant = ['hvm', 'pv', 'pvh'].find((type) => type.startsWith(text))
  return meant === undefined
    ? [error('wrong-value', `xl refuses type ${text}`, 'write type = "pv", "pvh" or "hvm"')]
    : [
        warning(
          'wrong-value',
          `type ${text} means ${meant} to xl, by its first letters`,
          `write type = "${meant}"`,
        ),
      ]
}
