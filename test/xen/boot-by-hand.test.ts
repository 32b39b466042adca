import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sshConfigOf } from './settings.ts'
import { type Lab, startLab } from './start-lab.ts'

// The ground that everything else stands on: our kernel, built from our fragments, boots from NFS on a real Xen.

const GUEST = 'hand'
const ADDRESS = '10.77.0.49'
const IMAGE = '/srv/xen/images/slack'
const CONFIG_FILE = `/etc/xen/${GUEST}.cfg`

let lab: Lab

beforeAll(async () => {
  lab = await startLab({ hosts: 1 })
  await lab.must(1, [
    'exportfs',
    '-i',
    '-o',
    'rw,no_root_squash,no_subtree_check,sync',
    `${ADDRESS}:${IMAGE}`,
  ])
})
afterAll(() => lab.stop())

describe.each(['pvh', 'pv'])('a guest of type %s, made by hand', (type) => {
  test('boots from NFS with a static address, reboots and shuts down when asked', async () => {
    await lab.must(1, ['tee', CONFIG_FILE], { input: guestConfig(type) })
    await lab.must(1, ['rm', '-f', `/var/log/xen/console/guest-${GUEST}.log`])
    await lab.must(1, ['xl', 'create', CONFIG_FILE])
    const console = lab.console(1, GUEST)

    const root = await console.waitFor(/^DOMUS-GUEST root=(.*)$/, 180_000)
    await console.waitFor(/^DOMUS-GUEST tick 2$/, 120_000)
    expect(root[1]).toMatch(
      /^10\.77\.0\.1:\/srv\/xen\/images\/slack \/ nfs rw,.*vers=3,rsize=32768,wsize=32768,.*proto=tcp/,
    )
    expect(console.text()).toContain('VFS: Mounted root (nfs filesystem)')
    expect(console.text()).toContain(`DOMUS-GUEST hostname=${GUEST} `)
    expect(console.text()).toContain(`DOMUS-GUEST address=${ADDRESS}/24`)
    await console.close()

    const secondBoot = lab.console(1, GUEST, { from: 'now' })
    await lab.must(1, ['xl', 'reboot', GUEST])
    await secondBoot.waitFor(/^DOMUS-GUEST going down$/, 120_000)
    await secondBoot.waitFor(/^DOMUS-GUEST tick 1$/, 180_000)
    await secondBoot.close()

    const shutdown = await lab.ssh(1, ['xl', 'shutdown', '-w', GUEST])
    expect(shutdown.stderr).toContain('has been shut down, reason code 0')
    await lab.must(1, ['timeout', '30', 'sh', '-c', `while xl domid ${GUEST}; do sleep 0.1; done`])
  })
})

test('host keys are known beforehand, and checked', async () => {
  const login = (...options: string[]) =>
    lab.run([
      'ssh',
      '-F',
      sshConfigOf(lab.settings),
      '-o',
      'BatchMode=yes',
      ...options,
      '10.77.0.1',
      'hostname',
    ])
  expect(await login()).toMatchObject({ exitCode: 0, stdout: 'xen1' })
  expect(await login('-o', 'UserKnownHostsFile=/dev/null')).toMatchObject({
    exitCode: 255,
    stderr: expect.stringContaining('Host key verification failed'),
  })
})

function guestConfig(type: string): string {
  const nfs = `nfsroot=10.77.0.1:${IMAGE},vers=3,tcp,hard,rsize=32768,wsize=32768`
  const ip = `ip=${ADDRESS}:10.77.0.1:10.77.0.100:255.255.255.0:${GUEST}:eth0:off:::`
  return [
    `name = "${GUEST}"`,
    `type = "${type}"`,
    'kernel = "/boot/vmlinuz-nfsroot"',
    'memory = 64',
    "vif = [ 'mac=00:16:3e:77:00:49,bridge=xenbr0' ]",
    `cmdline = "root=/dev/nfs ${nfs} ${ip} rw console=hvc0"`,
    '',
  ].join('\n')
}
