import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { expect, test } from 'vitest'
import { domus } from './run-domus.ts'

test.each([
  [['nonsense'], /^domus: unknown command 'nonsense'/],
  [['get'], /missing required argument/],
  [['plan', '--nope'], /unknown option/],
  [['create', 'web1'], /required option/],
  [['create', 'web[1-', '--image', 'i', '--host', 'h'], /not a name or a hostlist/],
  [['get', 'things'], /there is no kind things; known: networks/],
  [['kernel', 'check', '/does/not/exist'], /there is no file/],
  [['apply', '-f', '/does/not/exist', '--yes'], /cannot read \/does\/not\/exist/],
])('%j is wrong usage: exit code 2, told on stderr', async (argv, message) => {
  const { exitCode, stdout, stderr } = await domus(argv)
  expect(stderr).toMatch(message)
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
})

test('with --json a wrong usage is problem+json on stdout', async () => {
  const { exitCode, stdout } = await domus(['get', 'things', '--json'])
  expect(exitCode).toBe(2)
  expect(JSON.parse(stdout)).toMatchObject({ code: 'invalid-input', status: 400, errors: [] })
})

test('a name that nobody has is exit code 1, with the known ones', async () => {
  expect(await domus(['get', 'domains', 'nobody'])).toMatchObject({
    exitCode: 1,
    stderr: 'domus: no domain nobody; known: none\n',
  })
})

test('settings that are wrong are told with their place', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'domus-'))
  const file = join(folder, 'domus.yaml')
  writeFileSync(file, 'isolation: maybe\ncolour: blue\n')
  const { exitCode, stderr } = await domus(['--config', file, 'get', 'domains'])
  expect(exitCode).toBe(2)
  expect(stderr).toMatch(/isolation/)
  expect(stderr).toMatch(/colour/)
})

test('--help and --version answer on stdout', async () => {
  expect(await domus(['--help'])).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining('Usage: domus'),
  })
  expect((await domus(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
})

test('apply without a terminal asks for --yes and changes nothing', async () => {
  const { exitCode, stderr } = await domus(['delete', 'domains', 'nobody'])
  expect({ exitCode, stderr }).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('no domain nobody'),
  })
})

test('the launcher says in one line that Node is too old', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'domus-'))
  const preload = join(folder, 'old.cjs')
  writeFileSync(preload, "Object.defineProperty(process.versions, 'node', { value: '20.20.2' })")
  const { exitCode, stderr } = await execa(process.execPath, ['--require', preload, 'src/domus.js'], {
    reject: false,
  })
  expect(exitCode).toBe(1)
  expect(stderr).toMatch(/^domus: needs Node 24\.12 or newer, this is 20\.20\.2 \(.*\)$/)
})

test('the launcher runs the program', async () => {
  const { stdout } = await execa(process.execPath, ['src/domus.js', '--version'])
  expect(stdout).toMatch(/^\d+\.\d+\.\d+$/)
})
