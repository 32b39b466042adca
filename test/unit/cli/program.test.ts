import { expect, test } from 'vitest'
import { buildProgram } from '../../../src/cli/program.ts'

const names = async (...argv: string[]) =>
  (await buildProgram('1.2.3', argv)).commands.map((command) => command.name())

test('a command is loaded by its name, with few others; for help, all are', async () => {
  const all = await names('--help')
  expect(new Set(all).size).toBe(all.length)
  expect(all).toContain('migrate')
  for (const name of all) {
    const some = await names(name, 'plan', '--json')
    expect(some).toContain(name)
    expect(some.length).toBeLessThan(7)
  }
  expect(await names('nonsense')).toEqual(all)
})

test('options of the whole program may stand before the command', async () => {
  expect(await names('-v', '--config', 'get', 'plan')).toEqual(['plan'])
  expect(await names('--config=get', 'plan')).toEqual(['plan'])
})
