import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openSystemdNotify } from '../../src/systemd-notify.ts'

/** A systemd-notify that writes down what it is told; its folder comes first on PATH until the test ends. */
function fakeProgram(script: string) {
  const folder = mkdtempSync(join(tmpdir(), 'domus-notify-'))
  const log = join(folder, 'log')
  const before = process.env.PATH
  writeFileSync(log, '')
  writeFileSync(join(folder, 'systemd-notify'), `#!/bin/sh\n${script.replaceAll('LOG', log)}\n`)
  chmodSync(join(folder, 'systemd-notify'), 0o755)
  process.env.PATH = `${folder}${delimiter}${before}`
  onTestFinished(() => {
    process.env.PATH = before
    rmSync(folder, { recursive: true })
  })
  return () => readFileSync(log, 'utf8')
}

const noFault = (error: unknown) => {
  throw error
}

test('systemd is told through its own program', async () => {
  const told = fakeProgram('echo "$@" >>LOG')
  const systemd = openSystemdNotify({ NOTIFY_SOCKET: '/run/systemd/notify' }, noFault)
  await systemd.tell('READY=1', 'STATUS=all is well')
  systemd.close()
  expect(told()).toBe(`--pid=${process.pid} READY=1 STATUS=all is well\n`)
})

test('the watchdog is told in time, until the end', async () => {
  const told = fakeProgram('echo "$2" >>LOG')
  const env = { NOTIFY_SOCKET: '/x', WATCHDOG_USEC: '40000', WATCHDOG_PID: String(process.pid) }
  const systemd = openSystemdNotify(env, () => undefined)
  onTestFinished(() => systemd.close())
  await expect.poll(told, { timeout: 30_000 }).toMatch(/^(?:WATCHDOG=1\n){3}/)
})

test('without systemd nothing is run', async () => {
  fakeProgram('exit 1')
  const systemd = openSystemdNotify({}, noFault)
  await systemd.tell('READY=1')
  systemd.close()
})

test('a program that fails is told, and does not end the service', async () => {
  fakeProgram('exit 3')
  const faults: unknown[] = []
  const systemd = openSystemdNotify({ NOTIFY_SOCKET: '/x' }, (error) => void faults.push(error))
  await systemd.tell('READY=1')
  systemd.close()
  expect(faults).toHaveLength(1)
})
