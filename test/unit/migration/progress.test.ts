import { expect, test } from 'vitest'
import {
  complaintsIn,
  describeEnd,
  describeProgress,
  readMigrationLog,
} from '../../../src/migration/progress.ts'

const LOG = [
  '100.00 libxl: debug: libxl_domain.c:2293:libxl_retrieve_domain_configuration: Domain 3:ao 0x55: create',
  '118.00 migration target: Ready to receive domain.',
  '118.20 Saving to migration stream new xl format (info 0x3/0x0/1029)',
  '189.00 libxl: debug: libxl_dom_suspend.c:358:suspend_common_wait_guest_check: Domain 3:guest has suspended',
  '201.00 migration target: Transfer complete, requesting permission to start domain.',
  '201.20 migration sender: Target has acknowledged transfer.',
  '202.00 migration sender: Target reports successful startup.',
  '224.00 Migration successful.',
]
const until = (count: number) => readMigrationLog(LOG.slice(0, count).join('\n'))

test('how long memory was copied, how long the guest stood still, how long it took', () => {
  const log = until(LOG.length)
  expect(log).toEqual({
    phase: 'ending',
    copySeconds: 83,
    downtimeSeconds: 13,
    seconds: 124,
    hasArrived: true,
    hasStarted: true,
  })
  expect(describeEnd(log, 64)).toBe(
    '64 MiB copied in 83.0 s, 0.8 MiB/s; the guest stood still for 13.0 s; 124.0 s in all',
  )
})

test.each([
  [0, 'connecting'],
  [1, 'connecting'],
  [3, '32 of 64 MiB copied, 0.8 MiB/s'],
  [4, 'all but the last pages copied, the guest stands still'],
  [7, 'it runs there; its old copy is taken away'],
])('after %i lines: %s', (count, words) => {
  expect(describeProgress(until(count), { copiedMiB: 32, totalMiB: 64, seconds: 40 })).toBe(words)
})

test('what has not been told is not known', () => {
  expect(until(3)).toMatchObject({ downtimeSeconds: undefined, hasArrived: false, hasStarted: false })
  const nothing = { copiedMiB: undefined, totalMiB: 64, seconds: 2 }
  expect(describeProgress(until(3), nothing)).toBe('copying memory')
})

test('a person is told what went wrong, without debugging', () => {
  const log = [
    '1.00 xencall:buffer: debug: total allocations:10',
    '1.10 libxl-save-helper: debug: starting save: Success',
    '1.20 domainbuilder: detail: xc_dom_set_gnttab_entry: d1 gnt[0] -> d0 0xfefff',
    '1.30 \ttype_if=vif',
    '2.00 xc: error: Failed to enable logdirty: 95,22,0 (22 = Invalid argument): Internal error',
    '3.00 Migration failed, failed to suspend at sender.',
  ].join('\n')
  expect(complaintsIn(log)).toBe(
    'xc: error: Failed to enable logdirty: 95,22,0 (22 = Invalid argument): Internal error; Migration failed, failed to suspend at sender.',
  )
})
