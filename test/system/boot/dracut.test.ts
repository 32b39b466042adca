import { join } from 'node:path'
import { execa } from 'execa'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkCmdline } from '../../../src/boot/cmdline.ts'
import { dracutOutcome } from '../../../src/boot/dracut.ts'
import { expectedAnswer } from '../../../src/boot/expected.ts'
import type { DhcpAnswer, Outcome } from '../../../src/boot/outcome.ts'
import { anyGuest, compose } from '../../builders/guests.ts'

// What boot/dracut.ts says is what dracut's own scripts (package dracut-network) say.

interface Case {
  readonly cmdline: string
  readonly answer?: DhcpAnswer
}

const FIXED = 'ip=10.0.0.5:10.0.0.1:10.0.0.254:255.255.255.0:web1:eth0:off net.ifnames=0'
const answer: DhcpAnswer = {
  address: '10.0.0.5',
  mask: '255.255.255.0',
  siaddr: '10.0.0.1',
  serverId: '10.0.0.2',
  rootPath: '10.0.0.3:/srv/x,vers=3',
}
const withRoot = (rootPath: string): DhcpAnswer => ({ ...answer, rootPath })

const cases: readonly Case[] = [
  { cmdline: `root=nfs:10.0.0.1:/srv/x:vers=3,tcp rw ${FIXED}` },
  { cmdline: `root=nfs:10.0.0.1:/srv/x,vers=3,tcp ro ${FIXED}` },
  { cmdline: `root=nfs:10.0.0.1:/srv/x:ro,lock,vers=3 ${FIXED}` },
  { cmdline: `root=nfs4:10.0.0.1:/srv/x:vers=4.2 rw ${FIXED}` },
  { cmdline: `root=nfs4:10.0.0.1:/srv/x rw ro ${FIXED}` },
  { cmdline: `root=10.0.0.1:/srv/x,vers=3 ${FIXED}` },
  { cmdline: `root=/dev/nfs nfsroot=10.0.0.1:/srv/x,vers=3 ${FIXED}` },
  { cmdline: `root=/dev/nfs nfsroot=/srv/x,vers=3 ${FIXED}` },
  { cmdline: `root=nfs:/srv/x:vers=3 ${FIXED}` },
  { cmdline: 'root=dhcp ip=eth0:dhcp net.ifnames=0', answer },
  { cmdline: 'root=/dev/nfs ip=dhcp', answer },
  { cmdline: 'root=nfs:/srv/y:vers=4.1 ip=dhcp', answer },
  { cmdline: 'root=dhcp ip=dhcp', answer: withRoot('nfs4:10.0.0.3:/srv/x') },
  { cmdline: 'root=dhcp ip=dhcp', answer: withRoot('nfs:/srv/x:vers=3') },
  { cmdline: 'root=nfs: ip=dhcp rw', answer: withRoot('/srv/x') },
  {
    cmdline:
      'root=nfs:10.0.0.1:/srv/x:vers=3 ip=10.0.0.5::10.0.0.254:255.0.0.0:web1:eth0:none:10.0.0.9:10.0.0.8 net.ifnames=0',
  },
  { cmdline: 'root=nfs:10.0.0.1:/srv/x:vers=3 ip=::::web1:eth0:dhcp net.ifnames=0', answer },
]

test('the scripts and the model mount the same', async () => {
  const seen = await runScripts(cases)
  expect(seen.map(({ mount }) => mount)).toEqual(cases.map((one) => mountOf(outcomeOf(one), one)))
  expect(seen.map(({ died }) => died)).toEqual(cases.map(() => ''))
})

test('the scripts and the model read the same from ip=', async () => {
  const seen = await runScripts(cases)
  const named = cases.map((one, index) => ({ one, ip: seen[index]?.ip ?? [] }))
  for (const { one, ip } of named.filter(({ one: { cmdline } }) => cmdline.includes('ip=10.'))) {
    const { client, gateway, netmask, hostname, device, dns } = outcomeOf(one)
    expect([client, gateway, netmask, hostname, device, dns[0] ?? '', dns[1] ?? '']).toEqual([
      ip[0],
      ip[2],
      ip[3],
      ip[4],
      ip[5],
      ip[7],
      ip[8],
    ])
  }
})

test('every command line that is composed for dracut mounts what the model says', async () => {
  const guests = fc.sample(
    anyGuest.filter((guest) => checkCmdline(guest, { dialect: 'dracut' }).length === 0),
    { numRuns: 40, seed: 7 },
  )
  const composed = guests.map((guest) => ({
    cmdline: compose(guest, 'dracut'),
    ...(guest.domain.boot !== 'static' && { answer: expectedAnswer(guest) }),
  }))
  const seen = await runScripts(composed)
  expect(seen.map(({ mount, died }) => [mount, died])).toEqual(
    composed.map((one) => [mountOf(outcomeOf(one), one), '']),
  )
})

test('where the scripts give up, the model fails', async () => {
  const bad = [
    'root=nfs:10.0.0.1:/x:vers=3 ip=bootp',
    'root=nfs:10.0.0.1:/x:vers=3 ip=10.0.0.5::::web1:eth0:off net.ifnames=0',
    'root=nfs:10.0.0.1:/x:vers=3 ip=::::web1:eth0:off net.ifnames=0',
    'root=nfs:10.0.0.1:/x:vers=3 ip=10.0.0.5:::255.0.0.0:web1:eth0:dhcp net.ifnames=0',
    'root=nfs:10.0.0.1:/x:vers=3 ip=never',
    `root=/dev/xvda ${FIXED}`,
    `root=nfs:10.0.0.1:/x nfsroot=/y ${FIXED}`,
    `root=nfs:10.0.0.1:x ${FIXED}`,
  ].map((cmdline) => ({ cmdline }))
  const seen = await runScripts(bad)
  expect(seen.map(({ mount, died }) => died !== '' || mount === '')).toEqual(bad.map(() => true))
  expect(bad.map((one) => outcomeOf(one).faults.some(({ severity }) => severity === 'fail'))).toEqual(
    bad.map(() => true),
  )
})

const outcomeOf = ({ cmdline, answer: told }: Case) => dracutOutcome(cmdline, told)

const mountOf = ({ server, path, options }: Outcome, { cmdline, answer: told }: Case) =>
  `-t ${isNfs4(cmdline, told) ? 'nfs4' : 'nfs'} -o${options.join(',')} ${server}:${path} /newroot`

const isNfs4 = (cmdline: string, told: DhcpAnswer | undefined) =>
  /root=nfs4:/.test(cmdline) || (/root=dhcp/.test(cmdline) && told?.rootPath?.startsWith('nfs4:') === true)

async function runScripts(all: readonly Case[]): Promise<{ ip: string[]; mount: string; died: string }[]> {
  const input = all
    .flatMap(({ cmdline, answer: told }) => [cmdline, told?.rootPath, told?.siaddr, told?.serverId])
    .map((line) => `${line ?? ''}\n`)
    .join('')
  const { stdout } = await execa('unshare', ['-m', 'sh', join(import.meta.dirname, 'dracut-root.sh')], {
    input,
  })
  const lines = stdout.split('\n')
  return all.map((_, index) => {
    const [ip = '', mount = '', died = ''] = lines.slice(index * 3, index * 3 + 3)
    return {
      ip: ip.slice('ip '.length).split('|'),
      mount: mount.slice('mount '.length),
      died: died.slice('die '.length),
    }
  })
}
