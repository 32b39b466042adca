import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type DetachedState, lookDetached, START, startDetached } from '../../../src/machine/detached.ts'
import { localMachine } from '../../../src/machine/local.ts'

const machine = localMachine()
let folder: string
let place: { folder: string; token: string; systemd: boolean }

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'domus-detached-'))
  place = { folder: join(folder, 'run/menas'), token: '2026-01-02T03:04:05Z', systemd: false }
})
afterEach(() => rm(folder, { recursive: true }))

const look = (offset = 0, token = place.token) =>
  lookDetached(machine, { folder: place.folder, token, offset })

/** Looks until the program has ended, as its caller would. */
async function atEnd(): Promise<DetachedState> {
  for (;;) {
    const state = await look()
    if (state.kind !== 'going') return state
    await setTimeout(50)
  }
}

const wordsOf = (state: DetachedState) =>
  state.kind === 'absent' ? [] : state.log.split('\n').map((line) => line.replace(/^\d+\.\d+ /, ''))

test('a look can wait for the end, and no longer than it is told', async () => {
  await startDetached(machine, ['sh', '-c', 'sleep 0.3; echo done; exit 3'], place)
  const run = { folder: place.folder, token: place.token, offset: 0 }
  expect(await lookDetached(machine, { ...run, waitSeconds: 30 })).toMatchObject({
    kind: 'ended',
    exitCode: 3,
  })
  const long = { ...place, token: 'another' }
  await startDetached(machine, ['sleep', '20'], long)
  expect(await lookDetached(machine, { ...run, token: long.token, waitSeconds: 1 })).toMatchObject({
    kind: 'going',
  })
})

test('a program is followed to its exit code, each line after the uptime', async () => {
  await startDetached(machine, ['sh', '-c', 'echo one; echo two >&2; printf three; exit 7'], place)
  const state = await atEnd()
  expect(state).toMatchObject({ kind: 'ended', exitCode: 7, token: place.token })
  expect(wordsOf(state)).toEqual(['one', 'two', 'three', ''])
  expect(state).toMatchObject({ log: expect.stringMatching(/^\d+\.\d+ one\n/) })
})

test('it goes on when the one who started it is killed', async () => {
  const gate = join(folder, 'gate')
  const waiting = `until [ -e ${gate} ]; do sleep 0.05; done; echo passed`
  // The starter is a program of its own, with a session that ends when it is killed.
  const script = `sh -c '${START.replaceAll("'", `'\\''`)}' sh "$@"; kill -9 $$`
  await machine.run(['sh', '-c', script, 'sh', place.folder, place.token, 'no', 'sh', '-c', waiting])
  expect(await look()).toMatchObject({ kind: 'going', token: place.token })
  await machine.writeFile(gate, { content: '', mode: 0o644 })
  expect(wordsOf(await atEnd())).toEqual(['passed', ''])
})

test('what was read already is not told again', async () => {
  await startDetached(machine, ['sh', '-c', 'echo one; echo two'], place)
  await atEnd()
  const log = await readFile(join(place.folder, 'log'), 'utf8')
  expect(wordsOf(await look(log.indexOf('\n') + 1))).toEqual(['two', ''])
})

test('a second one in the same place is refused while the first goes on', async () => {
  const gate = join(folder, 'gate')
  await startDetached(machine, ['sh', '-c', `until [ -e ${gate} ]; do sleep 0.05; done`], place)
  await expect(startDetached(machine, ['true'], { ...place, token: 'later' })).rejects.toMatchObject({
    code: 'busy',
    message: expect.stringContaining(place.token),
  })
  await machine.writeFile(gate, { content: '', mode: 0o644 })
  await atEnd()
  await startDetached(machine, ['true'], { ...place, token: 'later' })
  expect(await look(0, 'later')).toMatchObject({ token: 'later' })
})

test('one that was killed is lost, not ended', async () => {
  await startDetached(machine, ['sleep', '100'], place)
  const [pid = ''] = (await readFile(join(place.folder, 'pid'), 'utf8')).split(' ')
  await machine.run(['kill', '-9', '--', `-${pid}`])
  expect(await atEnd()).toMatchObject({ kind: 'lost', token: place.token })
})

test('one that nobody started is absent, and cannot be started any more', async () => {
  expect(await look()).toEqual({ kind: 'absent' })
  await expect(startDetached(machine, ['true'], place)).rejects.toMatchObject({
    code: 'command-failed',
    message: expect.stringContaining('given up'),
  })
  await startDetached(machine, ['true'], { ...place, token: 'another' })
  expect(await lookDetached(machine, { folder: place.folder, token: 'another', offset: 0 })).toMatchObject({
    token: 'another',
  })
})

test('its words are words, whatever is in them', async () => {
  await startDetached(machine, ['printf', '%s\n', "it's $HOME", '`id`', 'a  b', '"'], place)
  expect(wordsOf(await atEnd())).toEqual(["it's $HOME", '`id`', 'a  b', '"', ''])
})
