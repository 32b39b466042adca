import { expect, test } from 'vitest'
import { namesVersion } from '../../../src/kernel/same-kernel.ts'

test.each([
  ['6.1.192-domu (root@x) #1 SMP', '6.1.192', true],
  ['6.1.0-56-amd64 (debian-kernel@x) #1 SMP Debian 6.1.192-2 (2026-11-16)', '6.1.192', true],
  ['6.1.0-56-amd64 (debian-kernel@x) #1 SMP Debian 6.1.190-1 (2026-10-16)', '6.1.192', false],
  ['6.12.107+deb12-amd64 (debian-kernel@x) #1 SMP Debian 6.12.107-1', '6.12.107', true],
  ['5.15.0-91-generic (buildd@x) #101-Ubuntu SMP', '5.15.131', true],
  ['5.14.0-503.el9.x86_64 (mockbuild@x) #1 SMP', '5.14.0', true],
  ['6.1.190 (x)', '6.1.192', false],
  ['6.2.0-1-generic (x)', '6.1.192', false],
  ['7.0.0-rc1 (x)', '7.0.0-rc1', true],
  ['nonsense', '6.1.192', false],
])('an image of %s can be of Linux %s: %s', (banner, version, expected) => {
  expect(namesVersion(banner, version)).toBe(expected)
})
