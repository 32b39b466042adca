import { describe, expect, test } from 'vitest'
import { lint } from '../../../src/xl/lint.ts'
import { guestFrom } from '../../builders/site.ts'
import { templatesWith } from '../../builders/templates.ts'

const templates = templatesWith()
const guest = guestFrom()

test('our own config is a sound config of xl', () => {
  expect(lint(templates.domainXl(guest, 'root=/dev/nfs nfsroot=1.2.3.4:/x ip=dhcp'))).toEqual({
    dialect: 'xl',
    findings: [],
    cmdline: 'root=/dev/nfs nfsroot=1.2.3.4:/x ip=dhcp',
    nfsRoot: true,
  })
})

test('of the book’s form xl would pass on only root and extra, without a word', () => {
  const { dialect, cmdline, nfsRoot, findings } = lint(templates.domainXm(guest))
  expect({ dialect, cmdline, nfsRoot }).toEqual({
    dialect: 'xm',
    cmdline: 'root=/dev/nfs rw console=hvc0',
    nfsRoot: true,
  })
  expect(findings.filter(({ severity }) => severity === 'error').map(({ key }) => key)).toEqual([
    'root',
    'nfs_server',
    'nfs_root',
    'ip',
    'netmask',
    'gateway',
    'hostname',
  ])
})

describe('the dialect', () => {
  test.each([
    ['name = "x"\n', 'xl'],
    ['name = "x"\nbuilder = "generic"\n', 'xl'],
    ['name = "x"\nbuilder = "linux"\n', 'xm'],
    ['name = "x"\ndhcp = "dhcp"\n', 'xm'],
    ['name = "x" + "y"\n', 'xm'],
    ['name = x y\n', 'xl'],
    ['', 'xl'],
  ])('of %j is %s', (text, dialect) => {
    expect(lint(text).dialect).toBe(dialect)
  })
})

test('Python in a config of xm is an error where xl would stop', () => {
  expect(lint('import os\nname = "x"\ndhcp = "dhcp"\n').findings).toContainEqual(
    expect.objectContaining({ line: 1, column: 8, severity: 'error', code: 'python' }),
  )
})

test('a config without a command line has an empty one', () => {
  expect(lint('name = "x"\n')).toMatchObject({ cmdline: '', nfsRoot: false })
})
