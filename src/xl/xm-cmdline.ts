import type { PythonValue } from './python-expression.ts'

export type XmValues = ReadonlyMap<string, PythonValue>

/** Keys of which xend made the kernel's command line. */
export const CMDLINE_KEYS = [
  'root',
  'extra',
  'nfs_server',
  'nfs_root',
  'ip',
  'netmask',
  'gateway',
  'hostname',
  'interface',
  'dhcp',
] as const

// xend wrote no options; the kernel's own are 4096 bytes at a time, and NFS 2 where it is built in.
const NFS_OPTIONS = 'vers=3,tcp,hard,rsize=1048576,wsize=1048576'

export interface XmCmdline {
  /** Undefined when none of the keys says anything. */
  readonly cmdline: string | undefined
  /** Key → what became of it, for those that are set. */
  readonly became: ReadonlyMap<string, string>
  /** Why xend would have refused the config. */
  readonly fault: string | undefined
}

/**
 * The command line that xend would have composed, without its two quirks: it named 127.0.255.255 as server
 * where there was none, and it dropped root= when nfsroot= was there.
 *
 * @see tools/python/xen/xm/create.py: preprocess_ip, preprocess_nfs; xen/xend/XendConfig (Xen 4.1)
 */
export function xmCmdline(values: XmValues): XmCmdline {
  const text = (key: string) => {
    const value = values.get(key)
    return typeof value === 'string' || typeof value === 'number' ? String(value).trim() : ''
  }
  const extra = text('extra')
  const root = text('root').replace(/^root=/, '')
  const ip = /(?:^|\s)ip=/.test(extra) ? '' : ipParam(text)
  const nfsroot = /(?:^|\s)nfsroot=/.test(extra) ? '' : nfsrootParam(text('nfs_server'), text('nfs_root'))
  const words = [root && `root=${root}`, ip, nfsroot, extra].filter((word) => word !== '')
  const fate: Record<(typeof CMDLINE_KEYS)[number], string> = {
    root: root && `root=${root}`,
    extra,
    nfs_server: nfsroot || ip,
    nfs_root: nfsroot,
    ip,
    netmask: ip,
    gateway: ip,
    hostname: ip,
    interface: ip,
    dhcp: ip,
  }
  return {
    cmdline: words.length === 0 ? undefined : words.join(' '),
    became: new Map(CMDLINE_KEYS.filter((key) => values.has(key)).map((key) => [key, fate[key]])),
    fault: text('nfs_root') !== '' && text('nfs_server') === '' ? 'nfs_root without nfs_server' : undefined,
  }
}

/** Written when there is an address, or DHCP is asked for. */
function ipParam(text: (key: string) => string): string {
  const how = text('dhcp') || 'off'
  if (text('ip') === '' && how === 'off') return ''
  const fields = [
    text('ip'),
    text('nfs_server'),
    text('gateway'),
    text('netmask'),
    text('hostname'),
    text('interface') || 'eth0',
    how,
  ]
  return `ip=${fields.join(':')}`
}

function nfsrootParam(server: string, path: string): string {
  if (path === '' || server === '') return ''
  return path.includes(',') ? `nfsroot=${server}:${path}` : `nfsroot=${server}:${path},${NFS_OPTIONS}`
}
