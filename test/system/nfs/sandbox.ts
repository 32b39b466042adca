import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { localMachine } from '../../../src/machine/local.ts'
import type { Machine } from '../../../src/machine/machine.ts'

/** A process that keeps name spaces alive; they are gone with it. */
export interface Holder {
  readonly pid: number
  close(): Promise<void>
}

/** Starts a shell in new name spaces (`-mn` for unshare), runs a script in it, and waits until it is through. */
export async function hold(spaces: string, script: string, args: readonly string[] = []): Promise<Holder> {
  const child = spawn(
    'unshare',
    [spaces, 'sh', '-c', `set -e\n${script}\necho ready\nexec cat >/dev/null`, 'sh', ...args],
    { stdio: ['pipe', 'pipe', 'pipe'] },
  )
  let said = ''
  child.stderr.on('data', (chunk) => {
    said += String(chunk)
  })
  const ended = once(child, 'exit')
  const [first] = await Promise.race([once(child.stdout, 'data'), ended])
  if (!String(first).startsWith('ready') || child.pid === undefined)
    throw new Error(`the name spaces could not be made: ${said}`)
  return {
    pid: child.pid,
    async close() {
      child.stdin.end()
      await ended
    },
  }
}

// /etc as it is with a layer of our own on top, an empty state of nfsd, and a place for images on a disk.
const MOUNTS = `
mount --make-rprivate /
mount -t tmpfs -o mode=755 dm "$1/layers"
mkdir "$1/layers/up" "$1/layers/work"
mount -t overlay -o lowerdir=/etc,upperdir="$1/layers/up",workdir="$1/layers/work" dm /etc
mount -t tmpfs -o mode=755 dm /var/lib/nfs
mkdir /var/lib/nfs/sm /var/lib/nfs/sm.bak /var/lib/nfs/v4recovery
: >/var/lib/nfs/etab; : >/var/lib/nfs/rmtab
mount -t tmpfs -o mode=755 dm /run
mkdir /run/rpcbind /run/ganesha
mount --bind "$1/srv" /srv
rm -rf /etc/exports.d; : >/etc/exports
ip link set lo up
`

/** An NFS server of its own: private mounts and network, so that nothing of this machine is touched. */
export interface Sandbox extends Holder {
  /** Commands and files are those inside. */
  readonly machine: Machine
  /** Runs a command inside; throws when it fails. */
  sh(script: string, ...args: readonly string[]): Promise<string>
  /** The words before a command that make it run inside. */
  readonly enter: readonly string[]
}

export async function openSandbox(): Promise<Sandbox> {
  const folder = await mkdtemp(join(tmpdir(), 'dm-nfs-'))
  await execa('mkdir', [join(folder, 'layers'), join(folder, 'srv')])
  const holder = await hold('-mn', MOUNTS, [folder])
  const enter = ['nsenter', '-t', String(holder.pid), '-m', '-n', '--']
  const files = localMachine({ root: `/proc/${holder.pid}/root` })
  const machine: Machine = { ...files, run: (argv, options) => files.run([...enter, ...argv], options) }
  return {
    pid: holder.pid,
    machine,
    enter,
    async sh(script, ...args) {
      const { exitCode, stdout, stderr } = await machine.run(['sh', '-ec', script, 'sh', ...args])
      if (exitCode !== 0) throw new Error(`${script}: exit code ${exitCode}: ${stderr}${stdout}`)
      return stdout
    },
    async close() {
      await holder.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
