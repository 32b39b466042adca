import { isIpv4 } from '../model/address.ts'
import { type Fault, fail, nfsVersionOf } from './outcome.ts'

/** What klibc's nfsmount says of the `SERVER:PATH` it is given. @see klibc, nfsmount/main.c: nfsmount_main */
export function sourceFaults(server: string | undefined, path: string | undefined): Fault[] {
  const faults: Fault[] = []
  if (server === undefined || path === undefined || !path.startsWith('/')) {
    faults.push(
      fail('nfsmount: need a path: neither nfsroot= nor option 17 has one', 'write nfsroot=SERVER:PATH'),
    )
  } else if (path.includes(',')) {
    faults.push(
      fail(
        `initramfs-tools takes all of option 17 as the path, so it asks for ${path}`,
        'leave options out of the root path',
      ),
    )
  }
  if (server === '0.0.0.0' || (server !== undefined && !isIpv4(server))) {
    faults.push(fail(`nfsmount has no server: ${server}`, 'write nfsroot=SERVER:PATH with an IPv4 address'))
  }
  return faults
}

// klibc, nfsmount/main.c: int_opts and bool_opts (2.0.12).
const NUMBERS = /^(?:port|nfsvers|vers|rsize|wsize|timeo|retrans|acregmin|acregmax|acdirmin|acdirmax)=/
const SWITCHES = /^(?:soft|hard|(?:no)?(?:intr|posix|cto|ac|lock|acl)|v2|v3|udp|tcp|broken_suid|ro|rw)$/

/** Whether nfsmount knows an option at all, with any value. */
export const isNfsmountOption = (option: string) => SWITCHES.test(option) || NUMBERS.test(option)

/** What it says of its options: it stops at the first one it does not know. @see klibc, nfsmount/main.c: parse_opts */
export function optionFaults(options: readonly string[]): Fault[] {
  const bad = options.find((option) => !isNfsmountOption(option))
  if (bad !== undefined) {
    return [
      fail(`nfsmount: bad option '${bad.split('=')[0]}'`, 'leave it out, or use an initrd made by dracut'),
    ]
  }
  const words = options.find((option) => NUMBERS.test(option) && !/=(?:0x[0-9a-fA-F]+|\d+)$/.test(option))
  const version = nfsVersionOf(options)
  if (version?.startsWith('4') === true || options.some((option) => /^(?:nfs)?vers=4/.test(option))) {
    return [fail("nfsmount: bad NFS version '4'", 'use nfsVersion 3, or an initrd made by dracut')]
  }
  return words === undefined ? [] : [fail(`nfsmount: ${words} has no number`, 'give it a whole number')]
}
