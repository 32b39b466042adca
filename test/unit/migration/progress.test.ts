import { expect, test } from 'vitest'
import { complaintsIn, describeProgress, readProgress } from '../../../src/migration/progress.ts'

const LOG = [
  '100.00 migration target: Ready to receive domain.',
  '101.00 xc: Frames iteration 0: 1024/16384    6%',
  '105.00 xc: Frames iteration 0: 16384/16384  100%',
  '106.00 xc: Frames iteration 1: 512/512  100%',
  '106.50 libxl: debug: libxl_dom_suspend.c:357:suspend_common_wait_guest_check: Domain 3:guest has suspended',
  '108.00 migration target: Transfer complete, requesting permission to start domain.',
  '108.20 migration sender: Target has acknowledged transfer.',
  '109.00 migration target: Domain started successsfully.',
  '110.00 Migration successful.',
].join('\n')

test('memory over all rounds, the rate, and how long the guest stood still', () => {
  const progress = readProgress(LOG)
  expect(progress).toEqual({
    copiedBytes: (16_384 + 512) * 4096,
    totalBytes: 16_384 * 4096,
    round: 2,
    seconds: 10,
    downtimeSeconds: 2.5,
    hasArrived: true,
    hasStarted: true,
  })
  expect(describeProgress(progress)).toBe('66.0 MiB copied (the guest has 64.0 MiB), 6.6 MiB/s, round 2')
})

test('of a migration in the middle, what is known so far', () => {
  const progress = readProgress(LOG.split('\n').slice(0, 2).join('\n'))
  expect(progress).toMatchObject({ downtimeSeconds: undefined, hasArrived: false, hasStarted: false })
  expect(describeProgress(progress)).toBe('4.0 MiB copied (the guest has 64.0 MiB), 4.0 MiB/s, round 1')
})

test('lines that are written over count one by one', () => {
  const log = '5.00 xc: Frames: 10/100  10%\rxc: Frames: 20/100  20%\r\n'
  expect(readProgress(log).copiedBytes).toBe(20 * 4096)
})

test('nothing said is nothing known', () => {
  expect(describeProgress(readProgress(''))).toBe('waiting for the first memory to be copied')
})

test('a person is told what went wrong, without debugging and progress', () => {
  const log = [
    '1.00 xencall:buffer: debug: total allocations:10',
    '1.10 libxl: debug: libxl_event.c:1: registered',
    '1.20 xc: detail: 1 page',
    '2.00 xc: error: Failed to enable logdirty: 95,22,0 (22 = Invalid argument): Internal error',
    '3.00 Migration failed, failed to suspend at sender.',
  ].join('\n')
  expect(complaintsIn(log)).toBe(
    'xc: error: Failed to enable logdirty: 95,22,0 (22 = Invalid argument): Internal error; Migration failed, failed to suspend at sender.',
  )
})
