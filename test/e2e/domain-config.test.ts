import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { siteDocument } from '../builders/site.ts'
import { domus, scratchFolder } from './run-domus.ts'

const BOOK = `name = "menas"
kernel = "/boot/vmlinuz-nfsroot"
memory = 256
vif = [ 'mac=00:16:3e:00:00:03, bridge=xenbr0' ]
root = "/dev/nfs"
nfs_server = '38.99.2.7'
nfs_root = '/usr/xen/images/slack'
ip = "38.99.2.222"
`

test('lint finds nothing wrong with what render gives', async () => {
  const { stdout: config } = await domus(['render', 'domain', 'menas', '-f', '-'], { input: siteDocument() })
  const { exitCode, stdout } = await domus(['lint', '-', '--json'], { input: config })
  expect(exitCode).toBe(0)
  expect(JSON.parse(stdout)).toEqual({
    dialect: 'xl',
    findings: [],
    cmdline: expect.stringMatching(/^root=\/dev\/nfs nfsroot=38\.99\.2\.7:/),
    nfsRoot: true,
  })
})

test('lint names what xl would ignore of the book’s config, by line, and says no', async () => {
  const file = join(scratchFolder(), 'menas.cfg')
  writeFileSync(file, BOOK)
  const { exitCode, stdout } = await domus(['lint', file])
  expect(exitCode).toBe(3)
  expect(stdout).toContain(`${file}:7:1: error: nfs_root: xl ignores nfs_root without a word`)
  expect(stdout).toContain('cmdline: root=/dev/nfs\n')
})

test('convert gives a config for xl on stdout and tells of each key on stderr', async () => {
  const { exitCode, stdout, stderr } = await domus(['convert', '-'], { input: BOOK })
  expect(exitCode).toBe(0)
  expect(stdout).toContain(
    'cmdline = "root=/dev/nfs ip=38.99.2.222:38.99.2.7::::eth0:off nfsroot=38.99.2.7:/usr/xen/images/slack,vers=3,tcp,hard,rsize=1048576,wsize=1048576"\n',
  )
  expect(
    stderr
      .trim()
      .split('\n')
      .map((line) => line.split(': ')[1]),
  ).toEqual(['root', 'nfs_server', 'nfs_root', 'ip'])
  expect((await domus(['lint', '-'], { input: stdout })).exitCode).toBe(0)
})

test('convert says no when a part is left over', async () => {
  const { exitCode, stdout, stderr } = await domus(['convert', '-'], {
    input: `${BOOK}memory = total() / 2\n`,
  })
  expect(exitCode).toBe(3)
  expect(stdout).toContain('# not converted: memory = total() / 2\n')
  expect(stderr).toContain('-:9: not converted: total is not set before')
})

test('a file that is not there is wrong input', async () => {
  const { exitCode, stderr } = await domus(['lint', '/no/such/file'])
  expect({ exitCode, stderr }).toEqual({
    exitCode: 2,
    stderr: expect.stringMatching(/^domus: cannot read \/no\/such\/file: /),
  })
})
