import { error, hint, type Remark, warning } from './finding.ts'
import { nearest } from './keys.ts'

const KEYS = [
  'mac',
  'bridge',
  'gatewaydev',
  'type',
  'model',
  'vifname',
  'script',
  'ip',
  'backend',
  'rate',
  'devid',
  'mtu',
  'forwarddev',
]
const MAC = /^[0-9a-fA-F]{2}(?::[0-9a-fA-F]{2}){5}$/

/**
 * Remarks about one entry of `vif`. xl says a line on stderr about what it does not know and makes the
 * domain all the same, with defaults in its place: so all of that is an error here.
 *
 * @see tools/xl/xl_parse.c: parse_nic_config
 */
export function checkVif(text: string): Remark[] {
  const tokens = text.split(',').filter((token) => token !== '')
  const remarks = tokens.flatMap((token) => checkToken(token.replace(/^ +/, '')))
  if (!tokens.some((token) => /^ *mac *=/.test(token))) {
    remarks.push(
      warning(
        'vif',
        'no mac: xl makes up another one at every start, so no DHCP reservation will match',
        'add mac=00:16:3e:…',
      ),
    )
  }
  return remarks
}

function checkToken(token: string): Remark[] {
  if (token === 'trusted' || token === 'untrusted') return []
  const [key = '', ...rest] = token.split('=')
  const value = rest.join('=')
  if (key === 'netdev' || key === 'accel' || key.startsWith('colo_')) {
    return [
      warning(
        'vif',
        `${key} is deprecated or not supported`,
        key === 'netdev' ? 'write gatewaydev=' : 'leave it out',
      ),
    ]
  }
  if (!KEYS.includes(key) || rest.length === 0) return [unknownToken(token, key)]
  if (/^\s|\s$/.test(value)) {
    return [
      error('vif', `the value of ${key} has blanks around it: "${value}"`, `write ${key}=${value.trim()}`),
    ]
  }
  switch (key) {
    case 'mac':
      return MAC.test(value)
        ? checkMac(value)
        : [
            error(
              'vif',
              `${value} is no MAC: xl takes what it can read and leaves the rest 0`,
              'write six hex pairs with colons',
            ),
          ]
    case 'bridge':
      return value === '' ? [error('vif', 'bridge= names none', 'name the bridge')] : []
    case 'type':
      return ['vif', 'ioemu'].includes(value)
        ? []
        : [error('vif', `${value} is no type of vif`, 'write vif or ioemu')]
    case 'mtu':
    case 'devid':
      return /^\d+$/.test(value) ? [] : [error('vif', `${key}=${value} is no number`, `give ${key} a number`)]
    case 'rate':
      return /^\d+[GMK]?[Bb]\/s(?:@\d+[mu]?s?)?$/.test(value)
        ? []
        : [error('vif', `${value} is no rate`, 'write it like 10Mb/s or 250KB/s@20ms')]
    default:
      return []
  }
}

function checkMac(mac: string): Remark[] {
  if (Number.parseInt(mac.slice(0, 2), 16) % 2 === 1) {
    return [error('vif', `${mac} is a group address, not that of a card`, 'make the first pair even')]
  }
  return mac === mac.toLowerCase()
    ? []
    : [hint('vif', `${mac} has capital letters`, `write ${mac.toLowerCase()}`)]
}

function unknownToken(token: string, key: string): Remark {
  const name = key.trim()
  if (KEYS.includes(name)) {
    return error(
      'vif',
      `"${token}": xl takes no blanks before =, and ignores this`,
      `write ${token.replace(/\s+/g, '')}`,
    )
  }
  const like = nearest(name, KEYS)
  return error(
    'vif',
    `xl does not know "${token}" and goes on without it`,
    like === undefined ? `use ${KEYS.slice(0, 8).join(', ')}` : `write ${like}=`,
  )
}
