import type { ServerFact } from '../../boot/facts.ts'
import { describeError } from '../../errors.ts'
import type { Machine } from '../../machine/machine.ts'
import type { Ipv4 } from '../../model/grammar.ts'
import type { Known } from '../../nfs/facts.ts'

// Bash's own TCP: a dom0 need not have nc or rpcinfo. The second asks rpcbind for the port of mountd, version 3 over
// TCP (RFC 1833, PMAPPROC_GETPORT): a record mark, the call, and in the reply the port as the last of eight words.
const ASK = `
nfs=no rpcbind=no mountd=no
(exec 3<>"/dev/tcp/$1/2049") 2>/dev/null && nfs=yes
if exec 3<>"/dev/tcp/$1/111"; then
  rpcbind=yes
  printf '\\x80\\0\\0\\x38\\0\\0\\x64\\x6d\\0\\0\\0\\0\\0\\0\\0\\2\\0\\1\\x86\\xa0\\0\\0\\0\\2\\0\\0\\0\\3' >&3
  printf '\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\1\\x86\\xa5\\0\\0\\0\\3\\0\\0\\0\\6\\0\\0\\0\\0' >&3
  set -- "$1" $(dd bs=1 count=32 <&3 2>/dev/null | od -An -v -tu1)
  shift 29
  port=$((\${1:-0} * 16777216 + \${2:-0} * 65536 + \${3:-0} * 256 + \${4:-0}))
  [ "$port" -gt 0 ] && mountd=yes
fi 2>/dev/null
echo "$nfs $rpcbind $mountd"
`

// The kernel gives up on a connection that nobody answers after two minutes; a busy dom0 takes seconds to start bash.
const SECONDS = 20

const nobodyTried = {
  kind: 'unknown',
  reason: 'nobody tried; verify NAME does, and verify --all --probe',
} as const

/** Asks an NFS server whether it answers, as seen from a machine. */
export async function askServer(machine: Machine, address: Ipv4): Promise<Known<ServerFact>> {
  try {
    const { stdout, exitCode } = await machine.run(
      ['timeout', `${SECONDS}`, 'bash', '-c', ASK, 'bash', address],
      {
        timeoutMs: 45_000,
      },
    )
    const [nfs, rpcbind, mountd] = stdout
      .trim()
      .split(' ')
      .map((word) => word === 'yes')
    // A timeout means that something swallows the packets: nothing answers.
    if (exitCode === 124)
      return { kind: 'known', value: { nfs: false, rpcbind: false, mountd: false, lookup: nobodyTried } }
    if (nfs === undefined || rpcbind === undefined || mountd === undefined)
      return { kind: 'unknown', reason: `${machine.address} has no bash to ask ${address} with` }
    return { kind: 'known', value: { nfs, rpcbind, mountd, lookup: nobodyTried } }
  } catch (error) {
    return { kind: 'unknown', reason: describeError(error) }
  }
}
