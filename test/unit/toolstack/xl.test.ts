import { describe, expect, test } from 'vitest'
import { toolstacks } from '../../../src/toolstack/kinds.ts'
import { guestFrom } from '../../builders/site.ts'
import { templatesWith } from '../../builders/templates.ts'

const { xl } = toolstacks

test('files are named after the domain', () => {
  expect([xl.configPath('menas'), xl.autostartPath('menas'), xl.consoleLogPath('menas')]).toEqual([
    '/etc/xen/menas.cfg',
    '/etc/xen/auto/menas.cfg',
    '/var/log/xen/console/guest-menas.log',
  ])
})

test('the config holds the composed command line, in the asked dialect', () => {
  const guest = guestFrom()
  expect(xl.render(guest, templatesWith())).toContain('nfsroot=38.99.2.7:/usr/xen/images/slack,vers=3,tcp')
  expect(xl.render(guest, templatesWith(), 'klibc')).toContain(
    'nfsroot=38.99.2.7:/usr/xen/images/slack,v3,tcp',
  )
})

describe('a domain is started', () => {
  test('in a scope of its own where systemd runs, so that its monitor outlives us', () => {
    expect(xl.startArgv('/etc/xen/menas.cfg', 'menas', { systemd: true })).toEqual([
      'systemd-run',
      '--scope',
      '--quiet',
      '--collect',
      '--description=xl monitor of domain menas',
      '--',
      'xl',
      'create',
      '/etc/xen/menas.cfg',
    ])
  })

  test('by xl alone elsewhere', () => {
    expect(xl.startArgv('/etc/xen/menas.cfg', 'menas', { systemd: false })).toEqual([
      'xl',
      'create',
      '/etc/xen/menas.cfg',
    ])
  })
})

const SSH = 'ssh -o BatchMode=yes -o ConnectTimeout=30 -o ServerAliveInterval=5'

describe('a domain migrates', () => {
  test.each([
    ['ssh://h2', SSH, 'h2'],
    ['ssh://root@h2.example.org:2201', `${SSH} -p 2201 -l root`, 'h2.example.org'],
    ['ssh://root@10.0.0.2', `${SSH} -l root`, '10.0.0.2'],
  ])('to %s', (machine, command, host) => {
    expect(xl.migrateArgv('menas', machine)).toEqual(['xl', '-vvv', 'migrate', '-s', command, 'menas', host])
    expect(xl.migrateShell(machine).join(' ')).toBe(`${command} ${host}`)
  })

  test('with its own config in place of one that the host has lost', () => {
    const argv = xl.migrateArgv('menas', 'ssh://h2', { config: '/etc/xen/menas.cfg' })
    expect(argv.slice(0, 5)).toEqual(['xl', '-vvv', 'migrate', '-C', '/etc/xen/menas.cfg'])
  })

  test.each([
    'local',
    'ssh://h2;reboot',
    'ssh://h2 -x',
    'ssh://-oProxyCommand=x',
    'ssh://a@b@c',
    'ssh://h2.',
    'ssh://h2-',
    'ssh://$(reboot)',
    'ssh://h2\nreboot',
  ])('not to %j', (machine) => {
    expect(() => xl.migrateArgv('menas', machine)).toThrow(expect.objectContaining({ code: 'refused' }))
    expect(() => xl.migrateShell(machine)).toThrow(expect.objectContaining({ code: 'refused' }))
  })
})
