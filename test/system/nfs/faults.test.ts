import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { exportLinux } from '../../../src/apply/export-linux.ts'
import { describeError } from '../../../src/errors.ts'
import type { Machine } from '../../../src/machine/machine.ts'
import { sshMachine } from '../../../src/machine/ssh.ts'
import { gatherExportFacts } from '../../../src/service/exports-facts.ts'
import { serverIn, siteOf } from '../../builders/exports.ts'
import { carryOut, contextOn, drive, exportAll, planOn, stepOf } from './exporting.ts'
import { openSandbox, type Sandbox } from './sandbox.ts'

const FAKE_SSH = resolve(import.meta.dirname, '../../fakes/fake-ssh.sh')
const site = (...domains: Parameters<typeof siteOf>[0]) => siteOf(domains, { folder: '/srv/xen' })
// One export stays, one goes, one comes.
const from = site(['menas', 'slack', '38.99.2.222'], ['old', 'old', '38.99.2.223'])
const to = site(['menas', 'slack', '38.99.2.222'], ['new', 'new', '38.99.2.224'])

let box: Sandbox
let folder: string

beforeEach(async () => {
  box = await openSandbox()
  folder = await mkdtemp(join(tmpdir(), 'dm-ssh-'))
  await box.sh('mkdir -p /srv/xen/slack /srv/xen/old /srv/xen/new /srv/disk')
})
afterEach(async () => {
  await box.close()
  await rm(folder, { recursive: true })
})

/** The same server, reached by ssh: its shell runs inside, as root or as somebody else. */
async function overSsh(
  user = 'root',
): Promise<{ machine: Machine; cut(): Promise<void>; mend(): Promise<void> }> {
  const shell = join(folder, 'shell')
  const ssh = join(folder, 'ssh')
  const broken = join(folder, 'broken')
  const as = user === 'root' ? '' : `setpriv --reuid ${user} --regid nogroup --clear-groups `
  await writeFile(shell, `#!/bin/sh\nexec ${box.enter.join(' ')} ${as}sh "$@"\n`)
  await writeFile(
    ssh,
    `#!/bin/sh\nexport FAKE_SSH_SHELL=${shell} FAKE_SSH_FAIL=${broken}\nexec ${FAKE_SSH} "$@"\n`,
  )
  await Promise.all([chmod(shell, 0o755), chmod(ssh, 0o755), chmod(folder, 0o755)])
  return {
    machine: sshMachine('ssh://root@filer', { command: ssh }),
    cut: () => writeFile(broken, 'client_loop: send disconnect: Broken pipe\n'),
    mend: () => rm(broken),
  }
}

const picture = () => box.sh('cat /etc/exports.d/domus.exports; sort /var/lib/nfs/etab; ls -A /etc/exports.d')

const FAULTS = [
  [
    'a full disk',
    'mount -t tmpfs -o size=16k dm /srv/disk; cp /etc/exports.d/* /srv/disk; mount --bind /srv/disk /etc/exports.d; dd if=/dev/zero of=/etc/exports.d/.fill bs=1k 2>/dev/null || true',
    /disk is full/,
  ],
  [
    'a read-only file system',
    'mount -t tmpfs dm /srv/disk; cp /etc/exports.d/* /srv/disk; mount --bind /srv/disk /etc/exports.d; mount -o remount,ro,bind /etc/exports.d',
    /read-only file system/,
  ],
  [
    'an immutable folder',
    'cp /etc/exports.d/* /srv/disk; mount --bind /srv/disk /etc/exports.d; chattr +i /srv/disk',
    /not permitted.*immutable/,
  ],
  [
    'a file that is bind-mounted',
    'cp /etc/exports.d/domus.exports /srv/disk/f; mount --bind /srv/disk/f /etc/exports.d/domus.exports',
    /mount point/,
  ],
] as const

/** Carries a step out over ssh, or by a program inside; answers with what went wrong. */
async function failureOf(kind: string): Promise<string> {
  const step = stepOf(await planOn(box.machine, to))
  if (kind === 'local') return (await drive(box, step)).stdout
  const { machine } = await overSsh()
  try {
    await carryOut(machine, step)
    return 'nothing went wrong'
  } catch (error) {
    return describeError(error)
  } finally {
    await machine.close()
  }
}

describe.each(['local', 'ssh'])('on a %s server', (kind) => {
  test.each(FAULTS)('%s stops the change, which leaves nothing behind', async (_what, breakIt, message) => {
    await exportAll(box.machine, from)
    await box.sh(breakIt)
    const before = await picture()
    const failure = await failureOf(kind)
    const after = await picture()
    await box.sh('chattr -i /srv/disk 2>/dev/null || true')
    expect(failure).toContain('cannot write /etc/exports.d/domus.exports')
    expect(failure).toMatch(message)
    expect(after).toBe(before)
  })

  test('exports come and go', async () => {
    const machine = kind === 'ssh' ? (await overSsh()).machine : box.machine
    await exportAll(machine, from)
    await exportAll(machine, to)
    expect(await box.sh('exportfs -s | sed "s/(.*//"')).toBe(
      '/srv/xen/new  38.99.2.224\n/srv/xen/slack  38.99.2.222\n',
    )
    await machine.close()
  })
})

describe('a full disk under the live table', () => {
  const fill = 'dd if=/dev/zero of=/var/lib/nfs/fill bs=1k 2>/dev/null || true'
  const small = 'mount -o remount,size=200k /var/lib/nfs'

  test('makes exportfs lose all of it, with exit code 0: the trap', async () => {
    await exportAll(box.machine, from)
    await box.sh(`${small}; ${fill}`)
    await box.sh('exportfs -i -o ro,no_subtree_check 10.0.0.1:/srv/xen/new')
    expect(await box.sh('exportfs -s')).toBe('')
  })

  test('is found before anything is changed', async () => {
    await exportAll(box.machine, from)
    await box.sh(`${small}; ${fill}`)
    const before = await picture()
    const step = stepOf(await planOn(box.machine, to))
    const context = contextOn(box.machine)
    const saved = await exportLinux.prepare(step, context)
    const why = /no room for the table in \/var\/lib\/nfs.*No space left/
    await expect(exportLinux.apply(step, saved, context)).rejects.toThrow(why)
    await exportLinux.undo(step, saved, context, 'uncertain')
    expect(await picture()).toBe(before)
    expect(await box.sh('ls -A /var/lib/nfs')).not.toContain('domus')
  })

  test('keeps an undo from making it worse', async () => {
    await exportAll(box.machine, from)
    const before = await picture()
    const step = stepOf(await planOn(box.machine, to))
    const { saved } = await carryOut(box.machine, step)
    await box.sh(`${small}; ${fill}`)
    const after = await picture()
    await expect(exportLinux.undo(step, saved, contextOn(box.machine), 'done')).rejects.toThrow(
      /no room for the table in \/var\/lib\/nfs/,
    )
    expect(await picture()).toBe(after)
    await box.sh('rm /var/lib/nfs/fill')
    await exportLinux.undo(step, saved, contextOn(box.machine), 'uncertain')
    expect(await picture()).toBe(before)
  })

  test('or a read-only one, as well', async () => {
    await exportAll(box.machine, from)
    const step = stepOf(await planOn(box.machine, to))
    await box.sh('mount -o remount,ro /var/lib/nfs')
    await expect(
      exportLinux.apply(
        step,
        await exportLinux.prepare(step, contextOn(box.machine)),
        contextOn(box.machine),
      ),
    ).rejects.toThrow(/no room.*Read-only file system/)
  })
})

describe('an ssh connection that is cut', () => {
  test.each([
    ['between the rename and exportfs', 'writeFile'],
    ['before the file is written', 'unexport'],
  ])('%s: stuck at first, and as before once the server can be reached', async (_when, where) => {
    const { machine, cut, mend } = await overSsh()
    await exportAll(machine, from)
    const before = await picture()
    const cutting: Machine = {
      ...machine,
      async run(argv, options) {
        const result = await machine.run(argv, options)
        if (where === 'unexport' && argv[1] === '-u') await cut()
        return result
      },
      async writeFile(path, file) {
        await machine.writeFile(path, file)
        await cut()
      },
    }
    const step = stepOf(await planOn(machine, to))
    const context = contextOn(cutting)
    const saved = await exportLinux.prepare(step, context)
    const apply = exportLinux.apply(step, saved, context)
    await expect(apply).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('filer'),
    })
    await expect(exportLinux.undo(step, saved, context, 'uncertain')).rejects.toMatchObject({
      code: 'unreachable',
    })
    await mend()
    await exportLinux.undo(step, saved, contextOn(machine), 'uncertain')
    expect(await picture()).toBe(before)
    await machine.close()
  })
})

test('without root, what is there is told, and what it would need', async () => {
  await exportAll(box.machine, from)
  const { machine } = await overSsh('nobody')
  const facts = await gatherExportFacts(machine, serverIn(from), ['/srv/xen/slack'])
  expect(facts).toMatchObject({
    file: { kind: 'file' },
    live: {
      kind: 'known',
      value: expect.arrayContaining([expect.objectContaining({ client: '38.99.2.223' })]),
    },
    others: { kind: 'unknown', reason: expect.stringContaining('unshare') },
  })
  const plan = await planOn(machine, to)
  expect(plan).toMatchObject({ facts: 'unknown', steps: [{ kind: 'export' }], problems: [] })
  const step = plan.steps[0]
  if (step?.kind !== 'export') throw new Error('no export step')
  await expect(exportLinux.prepare(step, contextOn(machine))).rejects.toMatchObject({
    code: 'refused',
    message: expect.stringMatching(/we are user 65534.*sudo/),
  })
  await machine.close()
})

test('where no private name spaces can be made, nothing is written untried', async () => {
  const step = stepOf(await planOn(box.machine, to))
  // As in a container without CAP_SYS_ADMIN.
  const caged: Machine = {
    ...box.machine,
    run: (argv, options) =>
      box.machine.run(
        ['setpriv', '--bounding-set', '-sys_admin', '--inh-caps', '-sys_admin', ...argv],
        options,
      ),
  }
  await expect(carryOut(caged, step)).rejects.toMatchObject({
    code: 'refused',
    message: expect.stringMatching(/cannot try .*unshare/),
  })
  expect(await box.sh('exportfs -s')).toBe('')
})

test('a server without exportfs says what to install', async () => {
  await box.sh(
    'printf "#!/bin/sh\\n" >/srv/nothing; mount --bind /srv/nothing /usr/sbin/exportfs; chmod 644 /srv/nothing',
  )
  const facts = await gatherExportFacts(box.machine, serverIn(from), [])
  expect(facts.live).toMatchObject({ kind: 'unknown', reason: expect.stringContaining('nfs-kernel-server') })
})

test('a server that cannot be reached makes every fact unknown, and throws nothing', async () => {
  const { machine, cut } = await overSsh()
  await cut()
  const facts = await gatherExportFacts(machine, serverIn(from), ['/srv/xen/slack'])
  expect(facts).toMatchObject({
    file: { kind: 'unknown' },
    live: { kind: 'unknown', reason: expect.stringContaining('filer') },
  })
})

test('an error about a script names it by its first line', async () => {
  const { machine, cut } = await overSsh()
  await machine.run(['true'])
  await cut()
  const facts = await gatherExportFacts(machine, serverIn(from), [])
  expect(facts.live).toMatchObject({
    reason: expect.stringMatching(/^[^\n]*looks at the NFS exports …[^\n]*$/),
  })
})
