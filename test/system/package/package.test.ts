import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { siteDocument } from '../../builders/site.ts'

// What users get: the packed program, installed globally, without sources or development tools.

const repository = join(import.meta.dirname, '../../..')
let scratch: string
let program: string

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'domus-package-'))
  const packed = await execa('npm', ['pack', '--pack-destination', scratch], { cwd: repository })
  const archive = packed.stdout.trim().split('\n').at(-1) ?? ''
  await execa('npm', ['install', '--global', '--prefix', scratch, join(scratch, archive)], { cwd: scratch })
  program = join(scratch, 'bin/domus')
})
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

const domus = (argv: readonly string[], input = '') =>
  execa(process.execPath, [program, ...argv], {
    input,
    env: { DOMUS_DATA: join(scratch, 'state') },
    reject: false,
  })

test('it runs compiled, finds its templates and its kernel rules', async () => {
  expect((await domus(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+$/)
  const rendered = await domus(['render', 'domain', 'menas', '-f', '-'], JSON.stringify(siteDocument()))
  expect(rendered).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('name = "menas"') })
  const fragment = await domus(['kernel', 'fragment', '--type', 'pv', '--boot', 'dhcp'])
  expect(fragment).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('CONFIG_ROOT_NFS=y') })
})

test('it has a state of its own from the first command that needs one', async () => {
  expect(await domus(['get', 'domains', '--json'])).toMatchObject({ exitCode: 0, stdout: '[]' })
})

test('it holds no sources, tests or development dependencies', async () => {
  const { stdout } = await execa('find', [
    join(scratch, 'lib/node_modules/domus'),
    '-maxdepth',
    '1',
    '-printf',
    '%f\n',
  ])
  const names = stdout.split('\n')
  expect(names).toContain('dist')
  expect(names).not.toContain('test')
  const installed = await execa('ls', [join(scratch, 'lib/node_modules/domus/node_modules')])
  expect(installed.stdout.split('\n')).not.toContain('vitest')
})
