import { resolve } from 'node:path'
import { execa } from 'execa'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { domainDocument, imageDocument, siteDocument } from '../../builders/site.ts'
import { openSandbox, type Sandbox } from './sandbox.ts'

// The program as its user runs it on an NFS server, with the real exportfs and an xl that plays.

const MAIN = resolve(import.meta.dirname, '../../../src/domus.js')
const FAKE_XL = resolve(import.meta.dirname, '../../fakes/fake-xl.sh')
const DROP_IN = '/etc/exports.d/domus.exports'

let box: Sandbox
beforeEach(async () => {
  box = await openSandbox()
  await box.sh(
    'mkdir -p /srv/xen/slack /srv/xen/moved /srv/xen/web /run/bin; ln -s "$1" /run/bin/xl',
    FAKE_XL,
  )
})
afterEach(() => box.close())

interface RunOptions {
  readonly input?: unknown
  readonly env?: Readonly<Record<string, string>>
}

function start(argv: readonly string[], { input, env = {} }: RunOptions = {}) {
  const [program = '', ...enter] = box.enter
  return execa(program, [...enter, process.execPath, MAIN, ...argv], {
    input: input === undefined ? '' : JSON.stringify(input),
    env: {
      PATH: `/run/bin:${process.env.PATH}`,
      FAKE_XL_STATE: '/run/domains',
      DOMUS_DATA: '/run/domus',
      DOMUS_SOCKET: '/run/domus/socket',
      ...env,
    },
    reject: false,
  })
}

async function domus(argv: readonly string[], options?: RunOptions) {
  const { exitCode, stdout, stderr } = await start(argv, options)
  return { exitCode, text: `${stdout}\n${stderr}`, stdout: String(stdout) }
}

const APPLY = ['apply', '-f', '-', '--yes', '--prune']
const apply = (input: unknown, options: readonly string[] = [], env = {}) =>
  domus([...APPLY, ...options], { input, env })

const slack = (path = '/srv/xen/slack') => imageDocument({ path })
const web = imageDocument({ name: 'web', path: '/srv/xen/web' })
const one = siteDocument({ images: [slack()] })
const two = siteDocument({
  images: [slack(), web],
  domains: [
    domainDocument({ trust: 'ours' }),
    domainDocument({ name: 'web', image: 'web', address: '38.99.2.223', trust: 'theirs' }),
  ],
})
const none = siteDocument({ images: [slack()], domains: [] })

const table = () => box.sh('exportfs -s | sed "s/(.*//" | sort')
const picture = () =>
  box.sh(`cat ${DROP_IN} /etc/xen/*.cfg 2>/dev/null; exportfs -s`).catch((error) => String(error))
const isRunning = (name: string) =>
  box.sh('echo "$1 7 00000000-0000-4000-8000-000000000000" >/run/domains', name)

/** Puts a script before the real exportfs; `$real` runs that. */
async function trap(script: string): Promise<void> {
  const text = `#!/bin/sh\nreal() { /usr/sbin/exportfs "$@"; }\n${script}\n`
  await box.machine.writeFile('/run/bin/exportfs', { content: text, mode: 0o755 })
}

describe('a site', () => {
  test('is applied, is as it should be, and goes again', async () => {
    expect(await apply(two)).toMatchObject({ exitCode: 0 })
    expect(await table()).toBe('/srv/xen/slack  38.99.2.222\n/srv/xen/web  38.99.2.223\n')
    expect((await domus(['plan', '-f', '-', '--detailed-exitcode'], { input: two })).exitCode).toBe(0)
    expect(await domus(['delete', 'domains', 'web', '--yes'])).toMatchObject({ exitCode: 0 })
    expect(await table()).toBe('/srv/xen/slack  38.99.2.222\n')
    expect(await apply(none)).toMatchObject({ exitCode: 0 })
    expect(await box.sh(`exportfs -s; ls -A /etc/exports.d /etc/xen`)).toBe('/etc/exports.d:\n\n/etc/xen:\n')
  })

  test('whose export was taken away by hand gets it back, and nothing else is touched', async () => {
    await apply(two)
    await box.sh('exportfs -u 38.99.2.222:/srv/xen/slack')
    const plan = await domus(['plan', '-f', '-', '--detailed-exitcode', '--json'], { input: two })
    expect(plan.exitCode).toBe(5)
    expect(JSON.parse(plan.stdout)).toMatchObject({ changes: 1, steps: [{ kind: 'export' }] })
    await apply(two)
    expect(await table()).toContain('/srv/xen/slack  38.99.2.222\n')
  })
})

describe('the export of a running guest', () => {
  beforeEach(async () => {
    await apply(one)
    await isRunning('menas')
  })

  test.each([
    ['deleted', ['delete', 'domains', 'menas', '--yes'], undefined, /stop it first: domus stop menas/],
    [
      'pruned',
      APPLY,
      none,
      /menas at 38\.99\.2\.222 runs from \/srv\/xen\/slack now; stop it before its export is removed/,
    ],
    [
      'moved',
      APPLY,
      siteDocument({ images: [slack('/srv/xen/moved')] }),
      /stop it before its export is removed/,
    ],
    [
      'made read-only',
      APPLY,
      siteDocument({ images: [{ ...slack(), sharing: 'shared' }] }),
      /stop it before its export is changed/,
    ],
  ] as const)('is not %s', async (_what, argv, input, message) => {
    const before = await picture()
    const result = await domus(argv, { input })
    expect(result.text).toMatch(message)
    expect(result.exitCode).toBe(3)
    expect(await picture()).toBe(before)
  })
})

describe('a drop-in changed by hand', () => {
  beforeEach(async () => {
    await apply(one)
    await box.sh(
      `mkdir /srv/theirs; echo "/srv/theirs 10.0.0.1(ro,sync,no_subtree_check)" >>${DROP_IN}; exportfs -ra`,
    )
  })

  test('stops everything, with the difference and the two ways on', async () => {
    const before = await picture()
    const result = await apply(two)
    expect(result.exitCode).toBe(3)
    expect(result.text).toMatch(/not as domus left it.*--adopt .*--overwrite/)
    expect(result.text).toContain('-/srv/theirs 10.0.0.1(ro')
    expect(await picture()).toBe(before)
  })

  test.each([
    ['--adopt', '/srv/theirs  10.0.0.1\n', '/srv/theirs 10.0.0.1(ro,sync,no_subtree_check)\n'],
    ['--overwrite', '', ''],
  ])('%s goes on', async (option, live, kept) => {
    expect(await apply(two, [option])).toMatchObject({ exitCode: 0 })
    expect(await table()).toBe(`${live}/srv/xen/slack  38.99.2.222\n/srv/xen/web  38.99.2.223\n`)
    expect(await box.sh('cat /etc/exports.d/domus-kept.exports 2>/dev/null || true')).toBe(kept)
    expect(await box.sh('exportfs -ra; exportfs -s | sed "s/(.*//" | sort')).toBe(await table())
  })
})

describe('what is refused, with nothing changed:', () => {
  test.each([
    [
      'guests of different trust on one file system',
      two,
      { DOMUS_ISOLATION: 'refuse' },
      'true',
      /different trust share one file system/,
    ],
    [
      'a root inside somebody else’s export',
      one,
      {},
      'exportfs -i -o ro 10.0.0.0/8:/srv/xen',
      /slack lies inside \/srv\/xen.*exportfs -u/,
    ],
    [
      'a root that somebody else may write',
      one,
      {},
      'exportfs -i -o rw 10.0.0.9:/srv/xen/slack',
      /exported to 10\.0\.0\.9 already/,
    ],
    ['a TrueNAS', one, {}, 'echo TrueNAS-SCALE-24.10.0 >/etc/version', /run by TrueNAS.*kind: print/],
    [
      'a root that is a link',
      one,
      {},
      'rmdir /srv/xen/slack; ln -s web /srv/xen/slack',
      /is really \/srv\/xen\/web/,
    ],
    [
      'a root that is a file',
      one,
      {},
      'rmdir /srv/xen/slack; touch /srv/xen/slack',
      /is a regular empty file, not a directory/,
    ],
  ])('%s', async (_what, site, env, prepare, message) => {
    await box.sh(prepare)
    const before = await picture()
    const result = await apply(site, [], env)
    expect(result.text).toMatch(message)
    expect(result.exitCode).toBe(3)
    expect(await picture()).toBe(before)
  })

  test('two writers of one root, by the document already', async () => {
    const domains = [domainDocument(), domainDocument({ name: 'web', address: '38.99.2.223' })]
    const result = await apply(siteDocument({ images: [slack()], domains }))
    expect(result).toMatchObject({
      exitCode: 2,
      text: expect.stringMatching(/writable root slack belongs to/),
    })
  })
})

test('guests of different trust are a warning under the default policy', async () => {
  const result = await apply(two)
  expect(result.text).toMatch(/different trust share one file system/)
  expect(result.exitCode).toBe(0)
})

describe('two at once', () => {
  // Held where the file is written and the table is not.
  const HELD =
    'if [ "$1" = -i ]; then touch /run/held; until [ -e /run/go ]; do sleep 0.1; done; fi; real "$@"'
  const untilHeld = () => box.sh('timeout 60 sh -c "until [ -e /run/held ]; do sleep 0.1; done"')

  test('the second is told who works on it, and the first one gets through', async () => {
    await trap(HELD)
    const first = start(APPLY, { input: one })
    await untilHeld()
    const second = await apply(two)
    await box.sh('touch /run/go')
    expect(second.text).toMatch(
      /site is busy with operation 1 \(apply site book\) of .+ since .+; wait for its end/,
    )
    expect(second.exitCode).toBe(1)
    expect(await first).toMatchObject({ exitCode: 0 })
    expect(await table()).toBe('/srv/xen/slack  38.99.2.222\n')
  })

  test('even from another state folder: the server itself is locked, and says by whom', async () => {
    await trap(HELD)
    const first = start(APPLY, { input: one })
    await untilHeld()
    const second = await apply(two, [], { DOMUS_DATA: '/run/other', DOMUS_SOCKET: '/run/other/socket' })
    await box.sh('touch /run/go')
    expect(second.text).toMatch(/\/run\/domus-exports\.lock on local is held by domus, process \d+ on /)
    expect(second.exitCode).toBe(1)
    expect(await first).toMatchObject({ exitCode: 0 })
    expect(await table()).toBe('/srv/xen/slack  38.99.2.222\n')
  })

  test('killed in the middle, it leaves no lock; the next command puts everything back and says so', async () => {
    await trap(HELD)
    const first = start(APPLY, { input: one })
    await untilHeld()
    const pid = (await box.sh('cat /run/domus-exports.lock')).match(/process (\d+)/)?.[1]
    process.kill(Number(pid), 'SIGKILL')
    await first
    await box.sh('rm /run/bin/exportfs; touch /run/go')
    const next = await domus(['operations'])
    expect(next.text).toMatch(/operation 1 \(apply site book\) was cut off; now it is rolled-back/)
    expect(next.stdout).toMatch(/^1\s+rolled-back/m)
    expect(await box.sh(`exportfs -s; ls -A /etc/exports.d`)).toBe('')
    expect(await apply(two)).toMatchObject({ exitCode: 0 })
  })
})

describe('a change that cannot be undone', () => {
  beforeEach(async () => {
    await box.sh('mkdir /etc/exports.d; mount -t tmpfs dm /etc/exports.d')
    await trap('if [ "$1" = -i ]; then mount -o remount,ro /etc/exports.d; exit 1; fi; real "$@"')
  })

  test('is stuck, is shown with what to look at, holds what it is about, and is undone in the end', async () => {
    const result = await apply(one)
    expect(result.exitCode).toBe(4)
    expect(result.text).toMatch(
      /cannot remove \/etc\/exports\.d\/domus\.exports on local: read-only file system/,
    )
    expect(result.text).toContain('domus operations retry 1')

    const shown = await domus(['operations', 'show', '1'])
    expect(shown.text).toMatch(
      /look at: could not undo: export 1 entries in \/etc\/exports\.d\/domus\.exports on filer/,
    )
    expect(await apply(two)).toMatchObject({ exitCode: 1, text: expect.stringContaining('it is stuck') })
    expect(await domus(['operations', 'retry', '1'])).toMatchObject({ exitCode: 4 })

    await box.sh('mount -o remount,rw /etc/exports.d; rm /run/bin/exportfs')
    expect(await domus(['operations', 'undo', '1'])).toMatchObject({ exitCode: 0 })
    expect(await box.sh(`exportfs -s; ls -A /etc/exports.d`)).toBe('')
    expect(await apply(two)).toMatchObject({ exitCode: 0 })
  })

  test('can be left as a person has made it', async () => {
    await apply(one)
    await box.sh(`mount -o remount,rw /etc/exports.d; rm /run/bin/exportfs ${DROP_IN}`)
    expect(await domus(['operations', 'dismiss', '1'])).toMatchObject({ exitCode: 0 })
    expect(await apply(two)).toMatchObject({ exitCode: 0 })
  })
})

describe('a disk that cannot be written', () => {
  test.each([
    [
      'full under the exports',
      '/etc/exports.d',
      'mount -t tmpfs -o nr_inodes=1 dm /etc/exports.d',
      /cannot write \/etc\/exports\.d\/domus\.exports on local: no space left on device/,
    ],
    [
      'read-only under the exports',
      '/etc/exports.d',
      'mount -t tmpfs -o ro dm /etc/exports.d',
      /cannot write \/etc\/exports\.d\/domus\.exports on local: read-only file system/,
    ],
    [
      'full under the configs',
      '/etc/xen',
      'mount -t tmpfs -o nr_inodes=1 dm /etc/xen',
      /cannot write \/etc\/xen\/menas\.cfg on local: no space left on device/,
    ],
    [
      'read-only under the configs',
      '/etc/xen',
      'mount -t tmpfs -o ro dm /etc/xen',
      /cannot write \/etc\/xen\/menas\.cfg on local: read-only file system/,
    ],
  ])('%s: nothing is left behind, and the path is named', async (_what, folder, breakIt, message) => {
    await box.sh('mkdir -p "$1"', folder)
    await box.sh(breakIt)
    const result = await apply(one)
    expect(result.text).toMatch(message)
    expect(result.exitCode).toBe(1)
    expect(await box.sh(`exportfs -s; ls -A ${folder}; ls ${DROP_IN} 2>/dev/null || true`)).toBe('')
  })

  test('full under the state: refused before anything is done, and the database is named', async () => {
    await box.sh(
      'mkdir /run/domus; mount -t tmpfs -o size=64k dm /run/domus; dd if=/dev/zero of=/run/domus/fill bs=1k 2>/dev/null || true',
    )
    const result = await apply(one)
    expect(result.text).toMatch(/\/run\/domus/)
    expect(result.exitCode).toBe(1)
    expect(await box.sh('exportfs -s; ls -A /etc/exports.d 2>/dev/null || true')).toBe('')
  })
})

describe('domus exports resync', () => {
  beforeEach(async () => {
    await apply(one)
    await box.sh('mkdir /srv/theirs; echo "/srv/theirs 10.0.0.1(ro,sync,no_subtree_check)" >/etc/exports')
  })

  test('shows first what else it would change', async () => {
    const result = await domus(['exports', 'resync', 'filer', '--dry-run'])
    expect(result.stdout).toMatch(/^ {2}\+ \/srv\/theirs 10\.0\.0\.1\(/m)
    expect(result.exitCode).toBe(0)
    expect(await table()).toBe('/srv/xen/slack  38.99.2.222\n')
  })

  test('does it when told to, and not unasked', async () => {
    expect(await domus(['exports', 'resync', 'filer'])).toMatchObject({ exitCode: 2 })
    expect(await table()).toBe('/srv/xen/slack  38.99.2.222\n')
    expect(await domus(['exports', 'resync', 'filer', '--yes'])).toMatchObject({ exitCode: 0 })
    expect(await table()).toBe('/srv/theirs  10.0.0.1\n/srv/xen/slack  38.99.2.222\n')
  })
})

test('a connection cut off by Ctrl-C in the middle is put right like a kill', async () => {
  await trap('if [ "$1" = -i ]; then touch /run/held; sleep 600; fi; real "$@"')
  const child = start(APPLY, { input: one })
  await box.sh('timeout 60 sh -c "until [ -e /run/held ]; do sleep 0.1; done"')
  child.kill('SIGINT')
  await child
  await box.sh('rm /run/bin/exportfs')
  await domus(['operations'])
  expect(await box.sh(`exportfs -s; ls -A /etc/exports.d`)).toBe('')
})
