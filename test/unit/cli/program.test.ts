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

/** What a command makes of its words. */
async function optionsOf(...argv: [string, ...string[]]) {
  const program = await buildProgram('1.2.3', argv)
  const command = program.commands.find((one) => one.name() === argv[0])
  command?.configureOutput({ outputError: () => undefined })
  const { operands } = command?.parseOptions(argv.slice(1)) ?? {}
  return { operands, options: command?.opts() }
}

test('-o json is --json wherever there is one', async () => {
  for (const name of await names('--help')) {
    const [command] = (await buildProgram('1', [name])).commands.filter((one) => one.name() === name)
    for (const one of [command, ...(command?.commands ?? [])])
      if (one?.options.some(({ long }) => long === '--json'))
        expect(
          one.options.map(({ short }) => short),
          one.name(),
        ).toContain('-o')
  }
  expect((await optionsOf('verify', 'menas', '-o', 'json')).options).toMatchObject({ json: true })
  expect((await optionsOf('start', 'menas', '--output=json')).options).toMatchObject({ json: true })
  expect((await optionsOf('plan', '-o', 'table')).options).toMatchObject({ json: false })
  await expect(optionsOf('doctor', '-o', 'xml')).rejects.toThrow(/Allowed choices are table, json/)
})

test('--force takes one link and may be repeated, before the name or after it', async () => {
  for (const words of [
    ['menas', '--force', 'export', '--force', 'host'],
    ['--force', 'export', '--force', 'host', 'menas'],
  ])
    expect(await optionsOf('start', ...words)).toMatchObject({
      operands: ['menas'],
      options: { force: ['export', 'host'] },
    })
})

test.each(['abc', '0', '-5', '1.5', '86401', ''])('--timeout %j is refused', async (text) => {
  await expect(optionsOf('start', 'menas', `--timeout=${text}`)).rejects.toThrow(
    /--timeout.*whole number of seconds, from 1 to 86400/,
  )
})
