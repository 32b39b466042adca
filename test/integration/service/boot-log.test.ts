import { afterEach, beforeEach, expect, test } from 'vitest'
import { openBootLog } from '../../../src/service/boot-log.ts'
import { addBootEvent, type BootEvent, lastBoot, listBootEvents } from '../../../src/store/boot-events.ts'
import { openTestApp } from '../../builders/app.ts'

let test1: Awaited<ReturnType<typeof openTestApp>>
const store = () => test1.app.store
const T0 = Date.parse('2026-11-23T06:00:00Z')

beforeEach(async () => {
  test1 = await openTestApp()
})
afterEach(() => test1.app.close())

/** Notes signs of menas, `[stage, seconds since T0]`, and returns what was written. */
async function writeDown(...signs: (readonly [stage: string, seconds: number])[]) {
  const written: BootEvent[] = []
  const log = openBootLog(store(), {
    written: (event) => void written.push(event),
    fault(error) {
      throw error
    },
  })
  for (const [stage, seconds] of signs) log.note({ domain: 'menas', stage, at: T0 + seconds * 1000 })
  await log.close()
  return written
}

test('the stages of a boot are written with the boot they belong to', async () => {
  const written = await writeDown(['discover', 0], ['offer', 0], ['request', 1], ['ack', 1])
  expect(new Set(written.map(({ boot }) => boot)).size).toBe(1)
  expect(await listBootEvents(store(), 'menas')).toMatchObject([
    { stage: 'discover', at: '2026-11-23T06:00:00.000Z' },
    { stage: 'offer' },
    { stage: 'request' },
    { stage: 'ack', at: '2026-11-23T06:00:01.000Z' },
  ])
})

test('a stage that comes again is of another boot', async () => {
  const written = await writeDown(['discover', 0], ['ack', 1], ['discover', 60], ['ack', 61])
  const [first, , second, last] = written.map(({ boot }) => boot)
  expect(second).not.toBe(first)
  expect(last).toBe(second)
})

test('a sign after a long rest is of another boot', async () => {
  const written = await writeDown(['discover', 0], ['request', 3600])
  expect(new Set(written.map(({ boot }) => boot)).size).toBe(2)
})

test('what the console tells and what DHCP tells make one boot', async () => {
  const kernel = { domain: 'menas', boot: 'b1', stage: 'kernel', at: new Date(T0).toISOString() }
  await addBootEvent(store(), kernel)
  const written = await writeDown(['discover', 2], ['ack', 3])
  expect(written.map(({ boot }) => boot)).toEqual(['b1', 'b1'])
})

test('a log that was closed goes on with the boot in the next one', async () => {
  const [first] = await writeDown(['discover', 0])
  const [second] = await writeDown(['offer', 1])
  expect(second?.boot).toBe(first?.boot)
})

test('a storm of boots is written in a few transactions', async () => {
  const log = openBootLog(store(), { written: () => undefined, fault: () => undefined })
  for (let index = 0; index < 3000; index++) log.note({ domain: `web${index}`, stage: 'discover', at: T0 })
  await log.close()
  expect(await lastBoot(store(), 'web2999')).toBeDefined()
  expect(await listBootEvents(store(), 'web0')).toHaveLength(1)
})

test('what cannot be written is told, and the log goes on', async () => {
  const faults: unknown[] = []
  const log = openBootLog(store(), { written: () => undefined, fault: (error) => void faults.push(error) })
  await test1.app.store.db.schema.alterTable('boot_event').renameTo('gone').execute()
  log.note({ domain: 'menas', stage: 'discover', at: T0 })
  await log.close()
  expect(faults).toHaveLength(1)
})
