import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { domus, type Fields, PATIENCE_MS, site as siteOf, menas as usually } from './menas.ts'
import { serveDomus } from './serve-domus.ts'
import { repository } from './settings.ts'
import { guestConsoleLog, type Lab, labEnvironment, startLab } from './start-lab.ts'

// The main job on a real Xen host: from a site document to guests that boot from NFS, and back to nothing.

const THEIRS = ['/etc/exports', '/etc/exports.d/admin.exports']
let lab: Lab
let before: Fingerprint

interface Fingerprint {
  readonly files: string
  readonly exports: string
  readonly folder: string
}

beforeAll(async () => {
  lab = await startLab({ hosts: 1 })
  before = await fingerprint()
})
afterAll(() => lab.stop())

/** What must be as it was when all of ours is gone: the administrator's files, the live table, /etc/xen. */
async function fingerprint(): Promise<Fingerprint> {
  return {
    files: await lab.must(1, ['sha256sum', ...THEIRS]),
    // In whatever order: the table is a hash, and its order changes with every entry that comes and goes.
    exports: (await lab.must(1, ['exportfs', '-s'])).split('\n').sort().join('\n'),
    folder: await lab.must(1, [
      'sh',
      '-c',
      'ls /etc/xen/*.cfg /etc/xen/auto 2>/dev/null; xl list | tail -n +3',
    ]),
  }
}

const menas = (over: Fields = {}) => usually({ kernel: 'pvh', ...over })
const site = (over: Fields = {}) => siteOf({ domains: [menas()], ...over })

const apply = (document: Fields) =>
  lab.domus(['apply', '-f', '-', '--yes', '--json'], {
    input: JSON.stringify(document),
    timeoutMs: PATIENCE_MS,
  })

/** The guest's own words on its console since the last start. */
async function lastBoot(name: string) {
  const text = (await lab.must(1, ['cat', guestConsoleLog(name)])).replaceAll('\r', '')
  return text.slice(text.lastIndexOf('Linux version'))
}

/** The command that makes menas, on an inventory that has all else. */
const CREATE = ['create', 'menas', '--image', 'slack', '--host', 'xen1', '--kernel', 'pvh', '--memory', '64']

const isListed = async (name: string) => (await lab.ssh(1, ['xl', 'domid', name])).exitCode === 0

describe('a guest with a static address', () => {
  test('apply writes its config and its export, and shows it as done', async () => {
    const result = await apply(site())
    expect(result.exitCode, result.stderr + result.stdout).toBe(0)
    expect(JSON.parse(result.stdout)).toMatchObject({ outcome: 'done', facts: 'known', changes: 3 })
    expect(await lab.must(1, ['exportfs', '-s'])).toMatch(/^\/srv\/xen\/images\/slack\s+10\.77\.0\.50\(/m)
    expect(await lab.must(1, ['cat', '/etc/xen/menas.cfg'])).toContain('name = "menas"')
  })

  test('the same document again has nothing to do', async () => {
    const again = await lab.domus(['plan', '-f', '-', '--detailed-exitcode', '--json'], {
      input: JSON.stringify(site()),
    })
    expect(again.exitCode, again.stdout + again.stderr).toBe(0)
    expect(JSON.parse(again.stdout)).toMatchObject({ facts: 'known', changes: 0, steps: [] })
  })

  test('start --wait follows its boot to init; its console shows the root it mounted', async () => {
    await domus(lab, ['start', 'menas', '--wait'])
    const console = lab.console(1, 'menas')
    const root = await console.waitFor(/^DOMUS-GUEST root=(.*)$/, 60_000)
    expect(root[1]).toMatch(/^10\.77\.0\.1:\/srv\/xen\/images\/slack \/ nfs rw,.*vers=3,/)
    expect(root[1]).not.toMatch(/[rw]size=4096\b/)
    await console.waitFor(/^DOMUS-GUEST tick 1$/, 60_000)
    await console.close()
  })

  test('a second start, and deleting it while it runs, are refused', async () => {
    const second = await lab.domus(['start', 'menas'], { timeoutMs: PATIENCE_MS })
    expect(second).toMatchObject({ exitCode: 3, stderr: expect.stringMatching(/menas runs already on xen1/) })
    const gone = await lab.domus(['delete', 'domains', 'menas', '--yes'], { timeoutMs: PATIENCE_MS })
    expect(gone).toMatchObject({
      exitCode: 3,
      stderr: expect.stringMatching(/runs on xen1 .*domus stop menas/),
    })
    expect(await isListed('menas')).toBe(true)
  })

  test('stop shuts it down; started again, destroy ends it', async () => {
    await domus(lab, ['stop', 'menas'])
    expect(await isListed('menas')).toBe(false)
    expect(await lastBoot('menas')).toContain('DOMUS-GUEST going down')
    await domus(lab, ['start', 'menas', '--wait'])
    await domus(lab, ['destroy', 'menas', '--yes'])
    expect(await isListed('menas')).toBe(false)
  })

  test('deleted, nothing of it is left, and nothing of others has changed', async () => {
    await domus(lab, ['delete', 'domains', 'menas', '--yes'])
    expect(await fingerprint()).toEqual(before)
  })
})

describe('guests that ask domus by DHCP', () => {
  let stopService: () => Promise<void>
  beforeAll(async () => {
    stopService = await serveDomus(lab)
  })
  afterAll(() => stopService())

  test.each([
    ['dhcp', 'pv'],
    ['bootp', 'pvh'],
  ])('one with boot: %s, as %s, mounts the root path of our answer', async (boot, kernel) => {
    const result = await apply(site({ domains: [menas({ boot, kernel })] }))
    expect(result.exitCode, result.stdout + result.stderr).toBe(0)
    await domus(lab, ['start', 'menas', '--wait'])
    await lab.must(1, [
      'timeout',
      '60',
      'sh',
      '-c',
      `until tac ${guestConsoleLog('menas')} | sed '/Linux version/q' | grep -q 'tick 1'; do sleep 0.2; done`,
    ])
    const text = await lastBoot('menas')
    expect(text).toMatch(
      new RegExp(
        `IP-Config: Got ${boot.toUpperCase()} answer from 10\\.77\\.0\\.100, my address is 10\\.77\\.0\\.50`,
      ),
    )
    expect(text).toMatch(/rootserver=10\.77\.0\.1, rootpath=\/srv\/xen\/images\/slack/)
    expect(text).toMatch(/DOMUS-GUEST root=10\.77\.0\.1:\/srv\/xen\/images\/slack \/ nfs rw/)
    expect(text).toMatch(/DOMUS-GUEST address=10\.77\.0\.50\/24/)
    await domus(lab, ['stop', 'menas'])
    await domus(lab, ['delete', 'domains', 'menas', '--yes'])
    expect(await fingerprint()).toEqual(before)
  })

  test('two at once on one shared image, read-only, each by its own name', async () => {
    await apply(site({ domains: [] }))
    await domus(lab, [
      'create',
      'web[1-2]',
      '--image',
      'base',
      '--host',
      'xen1',
      '--kernel',
      'pvh',
      '--memory',
      '64',
      '--boot',
      'dhcp',
      '--start',
    ])
    for (const name of ['web1', 'web2']) {
      const console = lab.console(1, name)
      expect((await console.waitFor(/^DOMUS-GUEST root=(.*)$/, 120_000))[1]).toMatch(
        /^10\.77\.0\.1:\/srv\/xen\/images\/base \/ nfs ro,/,
      )
      expect(console.text()).toContain(`DOMUS-GUEST hostname=${name} `)
      await console.close()
    }
    expect(await isListed('web1')).toBe(true)
    for (const name of ['web1', 'web2']) {
      await domus(lab, ['stop', name])
      await domus(lab, ['delete', 'domains', name, '--yes'])
    }
    expect(await fingerprint()).toEqual(before)
  })
})

describe('what cannot work is refused or rolled back, with nothing left over', () => {
  const refused: [string, Fields, number, RegExp][] = [
    [
      'an address outside the network',
      site({ domains: [menas({ address: '10.78.0.5' })] }),
      2,
      /domains\/menas\/address.*10\.78\.0\.5 is not in 10\.77\.0\.0\/24/s,
    ],
    [
      'a second guest on one writable root',
      site({ domains: [menas(), menas({ name: 'web1', address: '10.77.0.51' })] }),
      2,
      /domains\/web1\/image.*the writable root slack belongs to domains\/menas/s,
    ],
    [
      'a host that cannot be reached',
      site({ hosts: [{ name: 'xen1', machine: 'ssh://root@10.77.0.9' }] }),
      1,
      /10\.77\.0\.9/,
    ],
    [
      'a path that is not a directory on the server',
      site({
        images: [{ name: 'slack', server: 'filer', path: '/srv/xen/images/nowhere' }],
        domains: [menas()],
      }),
      3,
      /images\/slack\/path.*filer:\/srv\/xen\/images\/nowhere does not exist/s,
    ],
    [
      'a kernel without ROOT_NFS',
      site({
        kernels: [{ name: 'pvh', path: '/boot/vmlinuz-plain', type: 'pvh' }],
      }),
      3,
      /vmlinuz-plain .*cannot mount its root by NFS: .*CONFIG_ROOT_NFS is absent, wanted y/,
    ],
  ]

  test.each(refused)('%s', async (_what, document, exitCode, message) => {
    const result = await apply(document)
    expect(result.stdout).toMatch(message)
    expect(result.exitCode, result.stdout + result.stderr).toBe(exitCode)
    expect(await fingerprint()).toEqual(before)
  })

  test('xl create fails: everything the plan made is taken back', async () => {
    await apply(site({ domains: [] }))
    // The book's trap: a bridge that the host does not have.
    const broken = site({
      networks: [{ name: 'lan', cidr: '10.77.0.0/24', bridge: 'nobr0', range: '10.77.0.50-10.77.0.99' }],
      domains: [],
    })
    await apply(broken)
    const argv = [...CREATE, '--start', '--force', 'host', '--json']
    const result = await lab.domus(argv, { timeoutMs: PATIENCE_MS })
    expect(result.exitCode, result.stdout + result.stderr).toBe(1)
    expect(JSON.parse(result.stdout)).toMatchObject({
      outcome: 'rolled-back',
      error: expect.stringMatching(/xl create|nobr0/),
    })
    expect(await lab.domus(['get', 'domains', '-o', 'name'])).toMatchObject({ exitCode: 0, stdout: '' })
    expect(await fingerprint()).toEqual(before)
  })
})

describe('domus killed in the middle of an apply', () => {
  test.each([
    ['exportfs', '-i'],
    ['xl', 'create'],
  ])('while %s %s runs: the next start puts everything back', async (program, word) => {
    await apply(site({ domains: [] }))
    const path = (await lab.must(1, ['sh', '-c', `command -v ${program}`])).trim()
    // Stands before the program on the path, and waits where domus is to be killed.
    const stand = `/usr/local/sbin/${program}`
    const trap = `#!/bin/sh\nif [ "$1" = "${word}" ]; then touch /run/trapped; sleep 20; exit 1; fi\nexec ${path} "$@"\n`
    await lab.must(1, ['sh', '-c', `cat > ${stand} && chmod 755 ${stand}`], { input: trap })
    const main = join(repository, 'src/domus.js')
    const [file, args] = lab.command([process.execPath, main, ...CREATE, '--start'])
    const env = { ...process.env, ...labEnvironment(lab.settings) }
    const domus = spawn(file, [...args], { env, stdio: 'ignore' })
    const ended = once(domus, 'exit')
    const trapped = 'until [ -e /run/trapped ]; do sleep 0.1; done; rm /run/trapped'
    await lab.must(1, ['timeout', '300', 'sh', '-c', trapped], { timeoutMs: PATIENCE_MS })
    domus.kill('SIGKILL')
    await ended
    await lab.must(1, ['rm', stand])

    const recovered = await lab.domus(['get', 'operations', '--json'])
    expect(JSON.parse(recovered.stdout)[0]).toMatchObject({ state: 'rolled-back' })
    expect(await lab.domus(['get', 'domains', '-o', 'name'])).toMatchObject({ exitCode: 0, stdout: '' })
    expect(await fingerprint()).toEqual(before)
  })
})
