import { join } from 'node:path'
import { execa } from 'execa'
import { expect, test } from 'vitest'

test('the demo shows the main job, and one line per link of the boot', async () => {
  const cwd = join(import.meta.dirname, '../..')
  const { stdout, exitCode } = await execa(process.execPath, ['test/demo/demo.ts'], {
    cwd,
    env: { PATH: '' },
  })
  expect(exitCode).toBe(0)
  expect(stdout).toContain(
    '+/usr/xen/images/slack 38.99.2.222(rw,sync,no_subtree_check,no_root_squash,secure)',
  )
  expect(stdout).toContain('domains/menas/address: 38.99.3.222 is not in 38.99.2.0/24 of network lan')
  expect(stdout).toMatch(/domu-6\.1\.config: in-kernel\n.*debian-cloud-6\.1\.config: initramfs\n/s)
  expect(stdout).toContain('address 38.99.2.222, root 38.99.2.7:/usr/xen/images/slack')
  const links = [...stdout.matchAll(/^ {2}(\w+) +(?:proved|needs a real host): /gm)].map(([, link]) => link)
  expect(links).toEqual(['kernel', 'cmdline', 'config', 'dhcp', 'export', 'image', 'server', 'host', 'claim'])
})
