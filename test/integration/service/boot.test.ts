import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { LINKS } from '../../../src/boot/link.ts'
import { openBootLog } from '../../../src/service/boot-log.ts'
import type { BootView, Jobs } from '../../../src/service/jobs.ts'
import { localJobs } from '../../../src/service/local-jobs.ts'
import { openTestApp } from '../../builders/app.ts'
import { domainDocument, serverDocument, siteDocument } from '../../builders/site.ts'

let opened: Awaited<ReturnType<typeof openTestApp>>
let jobs: Jobs

beforeEach(async () => {
  opened = await openTestApp({ now: () => new Date() })
  jobs = await localJobs(opened.app)
})
afterEach(() => opened.app.close())

/** Records a site with the guest `menas`, as DHCP guest or not. */
const record = (over: Record<string, unknown> = {}) =>
  jobs.run({
    kind: 'apply',
    document: siteDocument({
      servers: [serverDocument({ kind: 'print' })],
      domains: [domainDocument(over)],
    }),
  })

/** What the console, and the log of mountd, will say. */
function script({ console = [], mountd = [] }: { console?: readonly string[]; mountd?: readonly string[] }) {
  const textOf = (lines: readonly string[]) => ({ stdout: lines.map((line) => `${line}\n`).join('') })
  opened.machine.programs.set('tail', () => textOf(console))
  opened.machine.programs.set('sh', (argv) => (argv[2]?.includes('rpc.mountd') ? textOf(mountd) : {}))
}

async function start(): Promise<BootView> {
  const { boot } = await jobs.run({ kind: 'start', name: 'menas', force: LINKS, waitSeconds: 60 })
  if (boot === undefined) throw new Error('it was not followed')
  return boot
}

const stagesOf = ({ stages }: BootView) => stages.map(({ stage }) => stage)
const LINUX = '[    0.000000] Linux version 6.1.0'

describe('a start that is waited for', () => {
  test('tells its stages from console and mount log, and is kept as the last boot', async () => {
    await record()
    script({
      console: [LINUX, 'VFS: Mounted root (nfs filesystem).', 'Run /sbin/init as init process'],
      mountd: [
        'authenticated mount request from 38.99.2.222:700 for /usr/xen/images/slack (/usr/xen/images/slack)',
      ],
    })
    const boot = await start()
    expect(boot).toMatchObject({ ok: true, stage: 'init' })
    expect(new Set(stagesOf(boot))).toEqual(new Set(['start', 'kernel', 'mount-request', 'mount', 'init']))
    const kept = await jobs.timeline('menas')
    expect(kept.map(({ stage }) => stage).toSorted()).toEqual(stagesOf(boot).toSorted())
    expect(new Set(kept.map((event) => event.boot)).size).toBe(1)
  })

  test('tells the stages of DHCP that a service of the same store has seen', async () => {
    await record({ boot: 'dhcp' })
    const log = openBootLog(opened.app.store, { written: () => undefined, fault: () => undefined })
    // The service is another process; here it writes when the guest is created.
    const create = opened.machine.programs.get('xl')
    opened.machine.programs.set('xl', (argv, options, machine) => {
      if (argv[1] === 'create')
        for (const stage of ['discover', 'offer', 'request', 'ack'])
          log.note({ domain: 'menas', stage, at: Date.now(), detail: 'DHCP on lan' })
      return create?.(argv, options, machine)
    })
    script({ console: [] })
    const running = start()
    await log.close()
    const boot = await running
    await log.close()
    expect(await jobs.timeline('menas')).toMatchObject(
      ['start', 'discover', 'offer', 'request', 'ack'].map((stage) => ({
        stage,
        boot: boot.stages[0]?.boot,
      })),
    )
  })

  test('whose console is lost, and whose start fails too, ends with what became of the start', async () => {
    await record()
    const lost = async function* (): AsyncGenerator<string> {
      yield* []
      throw new Error('the connection was cut')
    }
    opened.machine.follow = () => ({ lines: lost(), stop: () => undefined })
    const create = opened.machine.programs.get('xl')
    opened.machine.programs.set('xl', (argv, options, machine) =>
      argv[1] === 'create' ? { exitCode: 1, stderr: 'no memory' } : create?.(argv, options, machine),
    )
    // A rejection that nobody handles would end the service; here it would fail the run.
    expect(await jobs.run({ kind: 'start', name: 'menas', force: LINKS, waitSeconds: 60 })).toMatchObject({
      outcome: 'rolled-back',
      error: expect.stringContaining('no memory'),
    })
  })

  test('that gets nowhere is told by its stage and the usual cause', async () => {
    await record()
    script({ console: [LINUX] })
    expect(await start()).toMatchObject({
      ok: false,
      stage: 'kernel',
      cause: expect.stringContaining('the kernel sets up no network'),
    })
  })

  test('that the server refuses is told in the words of its log, not by the panic that follows', async () => {
    await record()
    script({
      console: [LINUX, 'VFS: Unable to mount root fs via NFS.', 'Kernel panic - not syncing: VFS: no root'],
      mountd: ['refused mount request from 38.99.2.223 for /usr/xen/images/slack (/): unmatched host'],
    })
    expect(await start()).toMatchObject({
      ok: false,
      stage: 'kernel',
      cause: 'mount refused: /usr/xen/images/slack is not exported to 38.99.2.223',
    })
  })

  test('whose init cannot be run is told by the panic, though the kernel had named it', async () => {
    await record()
    script({
      console: [
        LINUX,
        '[    6.0] VFS: Mounted root (nfs filesystem).',
        '[    6.1] Run /sbin/init as init process',
        "[    6.2] Starting init: /sbin/init exists but couldn't execute it (error -8)",
        '[    6.3] Kernel panic - not syncing: Attempted to kill the idle task!',
      ],
    })
    const boot = await start()
    expect(boot).toMatchObject({ ok: false, stage: 'mount', cause: expect.stringContaining('cannot be run') })
    expect(stagesOf(boot)).toContain('failed')
  })

  test('whose mount failed has not come to an init, though the kernel looked for one', async () => {
    await record()
    const tried = ['/sbin/init', '/etc/init', '/bin/init', '/bin/sh']
    script({
      console: [
        LINUX,
        '[    6.0] Root-NFS: no NFS server address',
        '[    6.0] VFS: Unable to mount root fs via NFS.',
        ...tried.map((path) => `[    6.1] Run ${path} as init process`),
        '[    6.2] Kernel panic - not syncing: No working init found.',
      ],
    })
    expect(await start()).toMatchObject({
      ok: false,
      stage: 'kernel',
      cause: expect.stringContaining('no address to mount from'),
    })
  })

  test('that ends in the shell a kernel starts when it finds no init has failed', async () => {
    await record()
    const tried = ['/sbin/init', '/etc/init', '/bin/init', '/bin/sh']
    script({
      console: [
        LINUX,
        '[    6.0] VFS: Mounted root (nfs filesystem).',
        ...tried.map((path) => `[    6.1] Run ${path} as init process`),
        '/ # ',
      ],
    })
    const boot = await start()
    expect(boot).toMatchObject({
      ok: false,
      stage: 'mount',
      cause: expect.stringContaining('started a shell'),
    })
    expect(stagesOf(boot)).toContain('failed')
  })

  test('that another DHCP server answered is told so', async () => {
    await record({ boot: 'dhcp' })
    script({
      console: [LINUX, 'IP-Config: Got DHCP answer from 10.0.0.9, my address is 10.0.0.33'],
    })
    expect(await start()).toMatchObject({
      ok: false,
      stage: 'address',
      cause: 'answered by 10.0.0.9, not by us: it got 10.0.0.33, not 38.99.2.222',
    })
  })
})

test('a start that nobody waits for is a boot as well', async () => {
  await record()
  await jobs.run({ kind: 'start', name: 'menas', force: LINKS })
  expect(await jobs.timeline('menas')).toMatchObject([{ stage: 'start', detail: 'on host h1' }])
})
