import { chmod, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { localMachine } from '../../../src/machine/local.ts'
import type { Machine } from '../../../src/machine/machine.ts'
import { readLook as readFreebsdLook } from '../../../src/nfs/freebsd-reading.ts'
import * as freebsd from '../../../src/nfs/freebsd-scripts.ts'
import { readLook } from '../../../src/nfs/linux-reading.ts'
import * as linux from '../../../src/nfs/linux-scripts.ts'

const SCRIPTS = {
  'linux look': linux.lookArgv('/etc/exports.d/domus.exports'),
  'linux table': linux.tableArgv(),
  'linux shown': linux.shownArgv,
  'linux dry run': linux.dryRunArgv,
  'linux read all': linux.readAllArgv,
  'freebsd look': freebsd.lookArgv,
  'freebsd log size': freebsd.logSizeArgv,
  'freebsd reload': freebsd.reloadArgv,
  'freebsd result': freebsd.resultArgv(7),
}

let folder: string

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'dm-scripts-')))
})
afterAll(() => rm(folder, { recursive: true }))

/** This machine with some programs in place of its own; each is a shell script. */
async function machineWith(programs: Readonly<Record<string, string>>): Promise<Machine> {
  const bin = await mkdtemp(join(folder, 'bin'))
  for (const [name, script] of Object.entries(programs)) {
    await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`)
    await chmod(join(bin, name), 0o755)
  }
  return localMachine({ env: { PATH: `${bin}:${process.env.PATH}` } })
}

describe('each script is one that a POSIX shell reads:', () => {
  const texts = Object.entries(SCRIPTS).flatMap(([name, argv]) =>
    argv.filter((word) => word.includes('\n')).map((text, at) => [`${name} ${at}`, text] as const),
  )
  test.each(texts)('%s', async (_name, text) => {
    const { exitCode, stderr } = await localMachine().run(['sh', '-n'], { input: text })
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  })
})

test('paths are what they are: a directory, a file, a link, nothing', async () => {
  const machine = await machineWith({
    exportfs: 'exit 0',
    unshare: 'echo "unshare: not permitted" >&2; exit 1',
  })
  await mkdir(join(folder, 'root'))
  await writeFile(join(folder, 'file'), '')
  await symlink('root', join(folder, 'link'))
  await symlink('nowhere', join(folder, 'dead'))
  const paths = ['root', 'file', 'link', 'dead', 'gone'].map((name) => join(folder, name))
  const { stdout } = await machine.run(linux.lookArgv('/nothing'), { input: paths.join('\n') })
  const facts = readLook(stdout, paths)
  const root = join(folder, 'root')
  expect([...facts.paths.values()]).toMatchObject([
    { kind: 'directory', realpath: root },
    { kind: 'other', type: 'regular empty file' },
    { kind: 'directory', realpath: root },
    { kind: 'absent' },
    { kind: 'absent' },
  ])
  expect(facts.others).toMatchObject({
    kind: 'unknown',
    reason: expect.stringContaining('unshare: not permitted'),
  })
})

test('a thousand paths are answered in one go, in order', async () => {
  const machine = await machineWith({ exportfs: 'exit 0', unshare: 'exit 1' })
  const paths = Array.from({ length: 1000 }, (_, at) => join(folder, at % 2 === 0 ? 'many' : 'none', `${at}`))
  await mkdir(join(folder, 'many'))
  for (const path of paths.filter((one) => one.includes('/many/'))) await mkdir(path)
  const { stdout } = await machine.run(linux.lookArgv('/nothing'), { input: paths.join('\n') })
  const facts = readLook(stdout, paths)
  const kinds = paths.map((path) => facts.paths.get(path)?.kind)
  expect(kinds).toEqual(paths.map((_path, at) => (at % 2 === 0 ? 'directory' : 'absent')))
})

test('a FreeBSD is looked at with its own programs', async () => {
  const machine = await machineWith({
    showmount: `printf 'Exports list on localhost:\\n/srv/a             10.0.0.1 10.0.0.2\\n/home              Everyone\\n'`,
    mount: `printf 'zroot/root\\t/\\tzfs\\trw 0 0\\nzroot/srv/a\\t/srv/a\\tzfs\\trw 0 0\\n'`,
    stat: `shift 3; for f; do case $f in /srv/a|/home) echo "$f Directory";; /etc/motd) echo "$f Regular File";; esac; done`,
    realpath: `case $2 in /gone) exit 1;; /home) echo /usr/home;; *) echo "$2";; esac`,
  })
  const paths = ['/srv/a', '/home', '/etc/motd', '/gone']
  const { stdout } = await machine.run(freebsd.lookArgv, { input: paths.join('\n') })
  const facts = readFreebsdLook(stdout, paths)
  expect(facts.live).toMatchObject({
    value: [
      { path: '/srv/a', client: '10.0.0.1' },
      { path: '/srv/a', client: '10.0.0.2' },
      { path: '/home', client: 'Everyone' },
    ],
  })
  expect(paths.map((path) => facts.paths.get(path))).toMatchObject([
    { kind: 'directory', realpath: '/srv/a', fileSystem: '/srv/a', isOnRoot: false },
    { kind: 'directory', realpath: '/usr/home', fileSystem: '/', isOnRoot: true },
    { kind: 'other', type: 'regular file' },
    { kind: 'absent' },
  ])
})

test('what a showmount that fails says is the reason', async () => {
  const machine = await machineWith({
    showmount: 'echo "showmount: cannot get exports" >&2; exit 1',
    mount: 'exit 0',
  })
  const { stdout } = await machine.run(freebsd.lookArgv, { input: '' })
  expect(readFreebsdLook(stdout, []).live).toMatchObject({
    kind: 'unknown',
    reason: 'showmount -e localhost: showmount: cannot get exports',
  })
})
