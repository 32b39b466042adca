import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  domainDocument,
  imageDocument,
  kernelDocument,
  networkDocument,
  serverDocument,
  siteDocument,
} from '../builders/site.ts'
import { domus, scratchFolder } from './run-domus.ts'

// A site document alone, on a machine without Xen, NFS server, root or state.

const guest = (over: object = {}) =>
  siteDocument({ domains: [domainDocument({ mac: '00:16:3e:00:00:01', ...over })] })

test('render domain prints the config exactly, and nothing else', async () => {
  const { exitCode, stdout, stderr } = await domus(['render', 'domain', 'menas', '-f', '-'], {
    input: guest(),
  })
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  expect(stdout).toMatch(/^# managed by domus/)
  expect(stdout).toContain(
    'cmdline = "root=/dev/nfs nfsroot=38.99.2.7:/usr/xen/images/slack,vers=3,tcp,hard,rsize=1048576,wsize=1048576 ip=38.99.2.222:38.99.2.7:38.99.2.1:255.255.255.0:menas:eth0:off:38.99.2.1 rw console=hvc0"',
  )
  expect(stdout).toContain('vif = [ "mac=00:16:3e:00:00:01,bridge=xenbr0" ]')
  expect(stdout).not.toMatch(/^(?:root|extra|nfs_server) *=/m)
})

test('render domain --as xm gives the form of the book', async () => {
  const { stdout } = await domus(['render', 'domain', 'menas', '--as', 'xm', '-f', '-'], { input: guest() })
  expect(stdout).toMatch(/^nfs_server = "38\.99\.2\.7"$/m)
  expect(stdout).toMatch(/^nfs_root = "\/usr\/xen\/images\/slack"$/m)
  expect(stdout).toMatch(/^netmask = "255\.255\.255\.0"$/m)
  const newer = guest({ nfsVersion: '4.1' })
  const { stderr } = await domus(['render', 'domain', 'menas', '--as', 'xm', '-f', '-'], { input: newer })
  expect(stderr).toBe(
    'the form of xm loses nfsVersion 4.1: its kernel mounts by the version of its own choice\n',
  )
})

test('render exports has one line for the one guest', async () => {
  const { stdout } = await domus(['render', 'exports', 'filer', '-f', '-'], { input: guest() })
  expect(stdout.split('\n').filter((line) => line !== '' && !line.startsWith('#'))).toEqual([
    '/usr/xen/images/slack 38.99.2.222(rw,sync,no_subtree_check,no_root_squash,secure)',
  ])
})

test('a shared image is read-only on the command line and in the export', async () => {
  const document = siteDocument({
    images: [imageDocument({ sharing: 'shared' })],
    domains: [domainDocument(), domainDocument({ name: 'web1', address: undefined })],
  })
  const config = await domus(['render', 'domain', 'web1', '-f', '-'], { input: document })
  expect(config.stdout).toMatch(/ip=38\.99\.2\.200:.* ro console=hvc0/)
  const { stdout } = await domus(['render', 'exports', 'filer', '-f', '-'], { input: document })
  expect(stdout).toMatch(
    /38\.99\.2\.200\(ro,sync,subtree_check,no_root_squash,secure\)\n.*38\.99\.2\.222\(ro,/,
  )
})

test.each(['dnsmasq', 'dhcpd', 'kea'])('render dhcp --as %s holds the reservation', async (kind) => {
  const { exitCode, stdout } = await domus(['render', 'dhcp', 'lan', '--as', kind, '-f', '-'], {
    input: guest(),
  })
  expect(exitCode).toBe(0)
  expect(stdout).toContain('38.99.2.222')
  expect(stdout).toContain('/usr/xen/images/slack')
})

test('plan shows a diff per file; what cannot be known here is no failure', async () => {
  const { exitCode, stdout } = await domus(['plan', '-f', '-', '--json'], { input: guest({}) })
  expect(exitCode).toBe(0)
  const view = JSON.parse(stdout)
  expect(view.steps.length).toBe(view.changes)
  const config = view.steps.find((step: { path?: string }) => step.path === '/etc/xen/menas.cfg')
  expect(config).toMatchObject({
    kind: 'write',
    machine: 'local',
    diff: expect.stringContaining('+name = "menas"'),
  })
  const exported = view.steps.find((step: { kind: string }) => step.kind === 'export')
  expect(exported.diff).toContain('+/usr/xen/images/slack 38.99.2.222(')
  const detailed = await domus(['plan', '-f', '-', '--detailed-exitcode'], { input: guest() })
  expect(detailed.exitCode).toBe(5)
})

test('a dry run makes no state', async () => {
  const data = join(scratchFolder(), 'state')
  const { exitCode } = await domus(['apply', '-n', '-f', '-'], { input: guest(), data })
  expect({ exitCode, isThere: existsSync(data) }).toEqual({ exitCode: 0, isThere: false })
})

test('a dry run shows the plan and why it would be refused, and is no failure', async () => {
  const document = siteDocument({ images: [imageDocument({ path: '/does/not/exist' })] })
  const { exitCode, stdout, stderr } = await domus(['apply', '-n', '-f', '-'], { input: document })
  expect(stdout).toContain('+name = "menas"')
  expect(stderr).toMatch(/^would be refused: images\/slack\/path: /m)
  expect(stderr).toMatch(/^nothing changed \(dry run\)$/m)
  expect(exitCode).toBe(0)
})

test('YAML is read as well as JSON', async () => {
  const yaml = `
networks: [{ name: lan, cidr: 38.99.2.0/24 }]
servers: [{ name: filer, address: 38.99.2.7 }]
images: [{ name: slack, server: filer, path: /usr/xen/images/slack }]
kernels: [{ name: k, path: /boot/k, type: pvh }]
hosts: [{ name: h1 }]
domains: [{ name: menas, image: slack, nfsVersion: 4.2 }]
`
  const { exitCode, stdout } = await domus(['render', 'domain', 'menas', '-f', '-'], { input: yaml })
  expect(exitCode).toBe(0)
  expect(stdout).toContain('vers=4.2')
  const broken = await domus(['render', 'domain', 'menas', '-f', '-'], { input: 'networks: [\n  - x' })
  expect(broken).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(/line \d+, column \d+/) })
  const twice = await domus(['render', 'domain', 'menas', '-f', '-'], { input: 'site: a\n---\nsite: b\n' })
  expect(twice.stderr).toMatch(
    /^ {2}line 2, column 1: another document begins here; a site is one document$/m,
  )
})

test('all mistakes come together, with exit code 2, as problem+json when asked', async () => {
  const document = siteDocument({
    networks: [networkDocument({ gateway: '10.0.0.1' })],
    kernels: [kernelDocument({ initrd: '/boot/initrd' })],
    domains: [
      domainDocument({ nfsVersion: '4.1' }),
      domainDocument({ name: 'web1', address: '1.2.3.4', memoryMiB: 1 }),
    ],
  })
  const { exitCode, stdout } = await domus(['plan', '-f', '-', '--json'], { input: document })
  expect(exitCode).toBe(2)
  const problem = JSON.parse(stdout)
  expect(problem).toMatchObject({ status: 400, code: 'invalid-input' })
  expect(problem.errors.map(({ path }: { path: string }) => path).sort()).toEqual([
    'domains/web1/address',
    'domains/web1/image',
    'domains/web1/memoryMiB',
    'networks/lan/gateway',
  ])
  const data = join(scratchFolder(), 'state')
  const text = await domus(['apply', '--yes', '-f', '-'], { input: document, data })
  expect(existsSync(data)).toBe(false)
  expect(text.stdout).toBe('')
  expect(text.stderr).toMatch(/^domus: the site has 4 mistakes.*\n(?: {2}\S+: .*\n){4}$/)
})

test('dhcp simulate tells what the kernel would make of our answer; a stranger gets none', async () => {
  const argv = ['dhcp', 'simulate', '-f', '-', '--json', '--mac']
  const known = await domus([...argv, '00:16:3E:00:00:01'], { input: guest({ boot: 'dhcp' }) })
  expect(known.exitCode).toBe(0)
  expect(JSON.parse(known.stdout)).toMatchObject({
    answered: true,
    address: '38.99.2.222',
    rootServer: '38.99.2.7',
    rootPath: '/usr/xen/images/slack',
    nfsOptions: expect.stringContaining('vers=3'),
  })
  const stranger = await domus([...argv, '00:16:3e:ff:ff:ff'], { input: guest() })
  expect(stranger.exitCode).toBe(3)
  expect(JSON.parse(stranger.stdout)).toMatchObject({ answered: false, reason: expect.any(String) })
})

test('verify -f says what is unknown here, and never calls it ok', async () => {
  // On the loopback interface: the server is really asked whether it answers.
  const document = siteDocument({
    networks: [
      networkDocument({
        cidr: '127.99.2.0/24',
        gateway: undefined,
        range: undefined,
        dns: [],
        dhcpServer: undefined,
      }),
    ],
    servers: [serverDocument({ address: '127.99.2.7' })],
    domains: [domainDocument({ address: '127.99.2.222' })],
  })
  const { stdout } = await domus(['verify', 'menas', '-f', '-', '--json'], { input: document })
  const view = JSON.parse(stdout)
  expect(view).toMatchObject({ domain: 'menas' })
  expect(view.links.map(({ link }: { link: string }) => link)).toEqual([
    'kernel',
    'cmdline',
    'config',
    'dhcp',
    'export',
    'image',
    'server',
    'host',
    'claim',
  ])
  expect(view.links.find(({ link }: { link: string }) => link === 'cmdline')).toMatchObject({ status: 'ok' })
  expect(view.links.find(({ link }: { link: string }) => link === 'claim')).toMatchObject({
    status: 'unknown',
  })
})

test('verify --all tells one line per guest, the link that matters most, and how many there are of each', async () => {
  const document = siteDocument({
    servers: [serverDocument({ kind: 'print' })],
    images: [imageDocument(), imageDocument({ name: 'other', path: '/srv/other' })],
    hosts: [{ name: 'h1', machine: 'ssh://nowhere.invalid', toolstack: 'xl' }],
    domains: [domainDocument(), domainDocument({ name: 'second', image: 'other', address: '38.99.2.223' })],
  })
  const { stdout, exitCode } = await domus(['verify', '--all', '-f', '-'], { input: document })
  expect(stdout).toMatch(/^menas +unknown +kernel +/m)
  expect(stdout).toMatch(/^second +unknown +kernel +/m)
  expect(stdout).toMatch(/^2 domains: 0 fail, 2 unknown, 0 warn, 0 ok$/m)
  expect(exitCode).toBe(0)
})
