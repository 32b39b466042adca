import { join } from 'node:path'
import { execa } from 'execa'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkCmdline } from '../../../src/boot/cmdline.ts'
import { expectedAnswer } from '../../../src/boot/expected.ts'
import { klibcOutcome } from '../../../src/boot/klibc.ts'
import { optionFaults, sourceFaults } from '../../../src/boot/nfsmount.ts'
import { type DhcpAnswer, splitOptions } from '../../../src/boot/outcome.ts'
import { anyGuest, compose } from '../../builders/guests.ts'

// What boot/klibc.ts says is what initramfs-tools' scripts and klibc's programs say.

interface Case {
  readonly cmdline: string
  readonly answer?: DhcpAnswer
}

const FIXED = 'ip=10.0.0.5:10.0.0.1:10.0.0.254:255.255.255.0:web1:eth0:off net.ifnames=0'
const answer: DhcpAnswer = {
  address: '10.0.0.7',
  siaddr: '10.0.0.1',
  serverId: '10.0.0.2',
  hostname: 'told',
  rootPath: '10.0.0.3:/srv/x',
}
const ASKS = 'ip=::::web1:eth0:dhcp net.ifnames=0'

const cases: readonly Case[] = [
  { cmdline: `boot=nfs nfsroot=10.0.0.1:/srv/x,v3,tcp rw ${FIXED}` },
  { cmdline: `root=/dev/nfs nfsroot=/srv/x ro ${FIXED}` },
  { cmdline: `root=/dev/nfs nfsroot=/srv/x,v3 rw ro ${FIXED}` },
  {
    cmdline:
      'boot=nfs nfsroot=10.0.0.1:/x rw ip=10.0.0.5:::255.0.0.0::eth0:none:10.0.0.9:10.0.0.8 net.ifnames=0',
  },
  { cmdline: 'boot=nfs nfsroot=10.0.0.1:/x rw ip=10.0.0.5::::web1:eth0: net.ifnames=0' },
  { cmdline: 'boot=nfs nfsroot=10.0.0.1:/x rw ip=10.0.0.5:::255.255.255.128:a:eth0:static net.ifnames=0' },
  { cmdline: `boot=nfs rw ${ASKS}`, answer },
  { cmdline: `boot=nfs rw nfsroot=auto ${ASKS}`, answer: { ...answer, rootPath: '/srv/x' } },
  { cmdline: `boot=nfs rw ${ASKS}`, answer: { ...answer, rootPath: '/srv/x', siaddr: '0.0.0.0' } },
  { cmdline: `boot=nfs rw ${ASKS}`, answer: { ...answer, rootPath: '10.0.0.3:/srv/x,vers=3' } },
  { cmdline: `boot=nfs rw nfsroot=/srv/y,v3 ${ASKS}`, answer },
  { cmdline: `boot=nfs rw nfsroot=,v3 ${ASKS}`, answer },
  { cmdline: `boot=nfs rw nfsroot=10.0.0.9:/srv/y,v3 ${ASKS}`, answer },
]

describe('the scripts of initramfs-tools and the model', () => {
  test('mount the same', async () => {
    const seen = await runScripts(cases)
    expect(seen.map(({ mount }) => mount)).toEqual(cases.map(mountOf))
  })

  test('have the same address', async () => {
    const fixed = cases.filter((one) => one.answer === undefined)
    const seen = await runScripts(fixed)
    expect(seen.map(({ net }) => net)).toEqual(fixed.map(netOf))
  })

  test('do so with every command line that is composed for them', async () => {
    const guests = fc.sample(
      anyGuest.filter((guest) => checkCmdline(guest, { dialect: 'klibc' }).length === 0),
      { numRuns: 25, seed: 7 },
    )
    const composed = guests.map((guest) => ({
      cmdline: compose(guest, 'klibc'),
      ...(guest.domain.boot !== 'static' && { answer: expectedAnswer(guest) }),
    }))
    const seen = await runScripts(composed)
    expect(seen.map(({ mount }) => mount)).toEqual(composed.map(mountOf))
    expect(seen.map(({ boot }) => boot)).toEqual(composed.map(() => 'nfs'))
  })

  test.each([
    'root=/dev/xvda',
    'boot=local root=/dev/nfs',
    'boot=nfs root=/dev/xvda',
    'root=/dev/nfs boot=live',
  ])('agree whether it is NFS: %s', async (words) => {
    const cmdline = `${words} nfsroot=10.0.0.1:/x ${FIXED}`
    const [seen] = await runScripts([{ cmdline }])
    const isLocal = klibcOutcome(cmdline).faults.some(({ message }) => message.includes('local root'))
    expect(isLocal).toBe(seen?.boot !== 'nfs')
  })
})

describe('klibc’s nfsmount and the model', () => {
  test.each([
    'v3,tcp,hard,rsize=1048576,wsize=1048576',
    'v2',
    'vers=3',
    'nfsvers=2',
    'vers=4',
    'vers=4.2',
    'v4',
    'proto=tcp',
    'nolock,noac',
    'timeo=7,retrans=10',
    'timeo=',
    'timeo=x',
    'rsize=0x1000',
    'actimeo=3',
    'port=2049',
    'mountport=7',
    'soft,intr',
    'sec=sys',
    'nconnect=2',
    'ro',
    'bg',
    '',
    'tcp=1',
    'acregmin=3,acdirmax=60',
    'broken_suid',
  ])('take the options %j alike', async (options) => {
    const { stderr } = await nfsmount(options, '127.0.0.1:/x')
    expect(optionFaults(splitOptions(options)).length > 0).toBe(!stderr.startsWith('stat: '))
  })

  test.each(['10.0.0.1:/x', '10.0.0.1:x', '/x', '10.0.0.1:', ':/x', 'filer:/x'])(
    'take the source %j alike',
    async (source) => {
      const { stderr } = await nfsmount('v3', source)
      const [, server, path] = /^([^:]*):(.*)$/s.exec(source) ?? []
      expect(sourceFaults(server, path).length > 0).toBe(!stderr.startsWith('stat: '))
    },
  )
})

// Options come first, then the source, then the folder: it gets no further than to one that is not there.
const nfsmount = (options: string, source: string) =>
  execa('/usr/lib/klibc/bin/nfsmount', ['-o', options, source, '/dm-no-such-folder'], { reject: false })

function mountOf({ cmdline, answer: told }: Case): string {
  const { options, server, path } = klibcOutcome(cmdline, told)
  const [nolock, access, ...rest] = options
  return `-o ${nolock} -o ${access} -o ${rest.join(',')} ${server}:${path} /root`
}

function netOf({ cmdline }: Case): string {
  const { client, netmask, gateway, hostname, dns } = klibcOutcome(cmdline)
  return [
    client,
    netmask,
    gateway ?? '0.0.0.0',
    hostname ?? '',
    dns[0] ?? '0.0.0.0',
    dns[1] ?? '0.0.0.0',
  ].join('|')
}

async function runScripts(all: readonly Case[]): Promise<{ boot: string; net: string; mount: string }[]> {
  const input = all
    .flatMap(({ cmdline, answer: told }) => [
      cmdline,
      told?.address,
      rootServer(told),
      told?.rootPath,
      told?.hostname,
    ])
    .map((line) => `${line ?? ''}\n`)
    .join('')
  const script = join(import.meta.dirname, 'initramfs-root.sh')
  const { stdout } = await execa('unshare', ['-m', '-n', '-u', 'sh', script], { input })
  const lines = stdout.split('\n')
  return all.map((_, index) => {
    const [boot = '', net = '', mount = ''] = lines.slice(index * 3, index * 3 + 3)
    return {
      boot: boot.slice('boot '.length),
      net: net.slice('net '.length),
      mount: mount.slice('mount '.length),
    }
  })
}

/** As ipconfig has it: siaddr, or the server's identifier. */
const rootServer = (told: DhcpAnswer | undefined) =>
  told === undefined || (told.siaddr !== undefined && told.siaddr !== '0.0.0.0')
    ? told?.siaddr
    : told.serverId
