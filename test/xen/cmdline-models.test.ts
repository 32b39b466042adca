import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { kernelOutcome } from '../../src/boot/kernel-client.ts'
import { type DhcpAnswer, optionValue } from '../../src/boot/outcome.ts'
import { quoteXl } from '../../src/xl/quote.ts'
import type { ScriptedAnswer } from './answer-dhcp.ts'
import { createGuest, PATIENCE_MS } from './create-guest.ts'
import { type Responder, startResponder } from './dhcp-responder.ts'
import { type Lab, startLab } from './start-lab.ts'

// What boot/kernel-client.ts says a guest ends up with is what the real kernel says on its console.

const IMAGE = '/srv/xen/images/base'
const NFS = 'vers=3,tcp,hard,rsize=32768,wsize=32768'
const DOTTED = '10.77.0.1'

interface Case {
  readonly what: string
  readonly cmdline: (address: string) => string
  readonly answer?: (address: string) => DhcpAnswer
}

const plainAnswer = (address: string): DhcpAnswer => ({
  address,
  mask: '255.255.255.0',
  router: '10.77.0.100',
  siaddr: DOTTED,
  serverId: '10.77.0.100',
  hostname: 'told',
  dns: ['10.77.0.100'],
  rootPath: `${DOTTED}:${IMAGE}`,
})
const without = (key: keyof DhcpAnswer) => (address: string) => {
  const { [key]: _, ...rest } = plainAnswer(address)
  return { ...rest, address }
}

const cases: readonly Case[] = [
  {
    what: 'all by hand',
    cmdline: (a) =>
      `root=/dev/nfs nfsroot=${DOTTED}:${IMAGE},${NFS} ip=${a}:${DOTTED}:10.77.0.100:255.255.255.0:web1:eth0:off`,
  },
  {
    what: 'a name server too',
    cmdline: (a) =>
      `root=/dev/nfs nfsroot=${DOTTED}:${IMAGE},${NFS} ip=${a}:${DOTTED}::255.255.255.0:web1:eth0:off:10.77.0.9:10.77.0.8`,
  },
  {
    what: 'no name, so the address is the name',
    cmdline: (a) => `root=/dev/nfs nfsroot=${DOTTED}:${IMAGE},${NFS} ip=${a}::10.77.0.100:255.255.255.0`,
  },
  {
    what: 'the server from ip=',
    cmdline: (a) => `root=/dev/nfs nfsroot=${IMAGE},${NFS} ip=${a}:${DOTTED}:10.77.0.100:255.255.255.0:web1`,
  },
  { what: 'no mask', cmdline: (a) => `root=/dev/nfs nfsroot=${DOTTED}:${IMAGE},${NFS} ip=${a}:::::eth0:off` },
  {
    what: 'the name in the path',
    cmdline: (a) =>
      `root=/dev/nfs nfsroot=${DOTTED}:/srv/xen/images/%s,${NFS} ip=${a}:::255.255.255.0:base:eth0:off`,
  },
  {
    what: 'the read size of the kernel',
    cmdline: (a) => `root=/dev/nfs nfsroot=${DOTTED}:${IMAGE} ip=${a}:::255.255.255.0::eth0:off`,
  },
  {
    what: 'NFS 4.2',
    cmdline: (a) =>
      `root=/dev/nfs nfsroot=${DOTTED}:${IMAGE},vers=4.2,rsize=16384 ip=${a}:::255.255.255.0::eth0:off`,
  },
  {
    what: 'dhcp with address and server: nobody is asked',
    cmdline: (a) =>
      `root=/dev/nfs nfsroot=${DOTTED}:${IMAGE},${NFS} ip=${a}:${DOTTED}::255.255.255.0:web1:eth0:dhcp`,
  },
  {
    what: 'two ip=, the last one counts',
    cmdline: (a) =>
      `root=/dev/nfs nfsroot=${DOTTED}:${IMAGE},${NFS} ip=10.77.0.7:::255.255.0.0:one ip=${a}:::255.255.255.0:two:eth0:off`,
  },
  { what: 'no ip=', cmdline: () => 'root=/dev/nfs console=hvc0' },
  { what: 'ip=off', cmdline: () => 'root=/dev/nfs ip=off' },
  {
    what: 'a word where an address belongs',
    cmdline: () => `root=/dev/nfs nfsroot=${DOTTED}:${IMAGE} ip=never`,
  },
  { what: 'ip=dhcp', cmdline: () => 'root=/dev/nfs ip=dhcp', answer: plainAnswer },
  {
    what: 'our own line for dhcp',
    cmdline: () => `root=/dev/nfs ip=::::web1:eth0:dhcp nfsroot=,${NFS}`,
    answer: plainAnswer,
  },
  {
    what: 'options in option 17',
    cmdline: () => 'root=/dev/nfs ip=dhcp',
    answer: (a) => ({ ...plainAnswer(a), rootPath: `${IMAGE},vers=4.1,rsize=16384` }),
  },
  {
    what: 'another server in nfsroot=',
    cmdline: () => `root=/dev/nfs ip=dhcp nfsroot=${DOTTED}:${IMAGE},${NFS}`,
    answer: (a) => ({ ...plainAnswer(a), rootPath: '10.77.0.9:/else' }),
  },
  {
    what: 'siaddr for a path alone',
    cmdline: () => `root=/dev/nfs ip=dhcp nfsroot=,${NFS}`,
    answer: (a) => ({ ...plainAnswer(a), rootPath: IMAGE }),
  },
  {
    what: 'no mask in the answer',
    cmdline: () => `root=/dev/nfs ip=dhcp nfsroot=,${NFS}`,
    answer: without('mask'),
  },
  {
    what: 'a mask of /32',
    cmdline: () => `root=/dev/nfs ip=dhcp nfsroot=,${NFS}`,
    answer: (a) => ({ ...plainAnswer(a), mask: '255.255.255.255' }),
  },
  {
    what: 'no name in the answer',
    cmdline: () => `root=/dev/nfs ip=dhcp nfsroot=,${NFS}`,
    answer: without('hostname'),
  },
  {
    what: 'no name server in the answer',
    cmdline: () => `root=/dev/nfs ip=dhcp nfsroot=,${NFS}`,
    answer: without('dns'),
  },
  {
    what: 'bootp',
    cmdline: () => `root=/dev/nfs ip=::::web1:eth0:bootp nfsroot=,${NFS}`,
    answer: plainAnswer,
  },
]

const numbered = cases.map((one, index) => ({
  ...one,
  address: `10.77.0.${120 + index}`,
  mac: `00:16:3e:77:02:${(index + 16).toString(16)}`,
  name: `model${index}`,
}))
const AT_ONCE = 3 // guests; the host has two processors

describe.runIf(process.env.DOMUS_XEN_ALL === '1')('the model of the kernel’s own boot code', () => {
  let lab: Lab
  let responder: Responder

  beforeAll(async () => {
    lab = await startLab({ hosts: 1 })
    await lab.must(1, ['exportfs', '-i', '-o', 'ro,no_root_squash,no_subtree_check', `10.77.0.0/24:${IMAGE}`])
    responder = await startResponder(lab, scriptedAnswers())
  })
  afterAll(async () => {
    await responder.stop()
    await lab.stop()
  })

  test.each(inGroups(numbered, AT_ONCE))(
    'foretells what it does: $label',
    async ({ group }) => {
      const judged = []
      for (const one of group) {
        await createGuest(lab, one.name, configOf(one)) // one at a time: xl takes all the processor there is
        judged.push(judge(lab, one))
      }
      const verdicts = await Promise.all(judged)
      expect(verdicts.map(({ seen }) => seen)).toEqual(verdicts.map(({ wanted }) => wanted))
    },
    4 * PATIENCE_MS,
  )
})

type Numbered = (typeof numbered)[number]

function inGroups(all: readonly Numbered[], size: number): { label: string; group: Numbered[] }[] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, index) => {
    const group = all.slice(index * size, (index + 1) * size)
    return { label: group.map(({ what }) => what).join('; '), group }
  })
}

const scriptedAnswers = (): Record<string, ScriptedAnswer> =>
  Object.fromEntries(
    numbered.flatMap(({ mac, address, answer }) => (answer ? [[mac, scripted(answer(address))]] : [])),
  )

const scripted = ({
  address,
  siaddr,
  mask,
  router,
  dns,
  hostname,
  rootPath,
  serverId,
}: DhcpAnswer): ScriptedAnswer => ({
  address,
  ...(siaddr !== undefined && { siaddr }),
  options: {
    ...(serverId !== undefined && { 54: serverId }),
    ...(mask !== undefined && { 1: mask }),
    ...(router !== undefined && { 3: router }),
    ...(dns !== undefined && { 6: dns }),
    ...(hostname !== undefined && { 12: hostname }),
    ...(rootPath !== undefined && { 17: rootPath }),
  },
})

const lineOf = ({ cmdline, address }: Numbered) => `${cmdline(address)} panic=1`

const configOf = (one: Numbered) =>
  [
    `name = "${one.name}"`,
    'type = "pvh"',
    'kernel = "/boot/vmlinuz-nfsroot"',
    'memory = 48',
    `vif = [ "mac=${one.mac},bridge=xenbr0" ]`,
    `cmdline = ${quoteXl(lineOf(one))}`,
    'on_reboot = "destroy"',
    'on_crash = "destroy"',
    '',
  ].join('\n')

/** What the model says and what the console shows, in the same words. */
async function judge(lab: Lab, one: Numbered): Promise<{ wanted: object; seen: object }> {
  const console = lab.console(1, one.name)
  try {
    await console.waitFor(
      /DOMUS-GUEST ready|Kernel panic|Root-NFS: no NFS server address|VFS: Unable to/,
      PATIENCE_MS,
    )
    const wanted = foretold(kernelOutcome(lineOf(one), one.answer?.(one.address)))
    const { what } = one
    return { wanted: { what, ...wanted }, seen: { what, ...seenOn(console.text(), wanted) } }
  } finally {
    await console.close()
    await lab.ssh(1, ['xl', 'destroy', one.name])
  }
}

interface Sight {
  readonly autoconf: string
  readonly client?: string
  readonly netmask?: string
  readonly gateway?: string
  readonly host?: string
  readonly dns?: string
  readonly server?: string
  /** Of the mounted root; undefined where it is not mounted. */
  readonly root?: string
  readonly version?: string
  readonly rsize?: string
}

/** The model's outcome in the words of the console; nothing more than how it failed where it fails. */
function foretold(outcome: ReturnType<typeof kernelOutcome>): Sight {
  const isMounted = !outcome.faults.some(({ severity }) => severity === 'fail')
  if (outcome.autoconf === 'none') return { autoconf: 'none' }
  return {
    autoconf: outcome.autoconf,
    client: outcome.client ?? '',
    netmask: outcome.netmask ?? '',
    gateway: outcome.gateway ?? '255.255.255.255',
    host: outcome.hostname ?? outcome.client ?? '',
    dns: outcome.dns.join(' '),
    server: outcome.server ?? '',
    ...(isMounted && {
      root: `${outcome.server}:${outcome.path}`,
      version: outcome.version ?? '',
      rsize: optionValue(outcome.options, 'rsize') ?? '',
    }),
  }
}

function seenOn(text: string, wanted: Sight): Sight {
  const field = (pattern: RegExp) => pattern.exec(text)?.[1] ?? ''
  if (!text.includes('IP-Config: Complete')) return { autoconf: 'none' }
  const asked = /IP-Config: Got (DHCP|BOOTP) answer/.exec(text)?.[1]
  const [, root = '', options = ''] = /DOMUS-GUEST root=(\S+) \/ nfs4? (\S+)/.exec(text) ?? []
  return {
    autoconf: asked?.toLowerCase() ?? 'static',
    client: field(/ipaddr=([\d.]+)/),
    netmask: field(/ mask=([\d.]+)/),
    gateway: field(/ gw=([\d.]+)/),
    host: field(/ host=([^,]*),/),
    dns: [...text.matchAll(/nameserver\d=([\d.]+)/g)].map(([, server]) => server).join(' '),
    server: field(/rootserver=([\d.]+)/),
    ...('root' in wanted && {
      root,
      version: /vers=([\d.]+)/.exec(options)?.[1] ?? '',
      rsize: /rsize=(\d+)/.exec(options)?.[1] ?? '',
    }),
  }
}
