import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { copiesOn, describeCopies, settledHost } from '../../../src/migration/copies.ts'
import { complaintsIn, readMigrationLog } from '../../../src/migration/progress.ts'
import { toolstacks } from '../../../src/toolstack/kinds.ts'

// What a real xl said and left, test/fixtures/xl-4.17/migrate/README.md.

const FOLDER = join(import.meta.dirname, '../../fixtures/xl-4.17/migrate')
const SOUGHT = { domain: 'menas', uuid: '6b1c0e3e-7a57-5d0c-9f3a-000000000050' }
const { xl } = toolstacks

/** Its standard error as machine/detached.ts writes it: a second for each line. */
const logOf = (recorded: string) =>
  readFileSync(join(FOLDER, recorded, 'stderr'), 'utf8')
    .split('\n')
    .map((line, index) => `${index}.00 ${line}`)
    .join('\n')

const copiesIn = (recorded: string, moment: string) =>
  ['xen1', 'xen2'].flatMap((host) => {
    const list = readFileSync(join(FOLDER, recorded, `${moment}.${host}.list-v.txt`), 'utf8')
    return copiesOn(host, xl.parseStates(list), SOUGHT, xl)
  })

describe('a migration that went well', () => {
  test('is seen to arrive and to start, with its pause', () => {
    const { phase, hasArrived, hasStarted, downtimeSeconds } = readMigrationLog(logOf('success'))
    expect({ phase, hasArrived, hasStarted }).toEqual({ phase: 'ending', hasArrived: true, hasStarted: true })
    expect(downtimeSeconds).toBeGreaterThan(0)
  })

  test.each([
    ['before', 'menas (domain 3 on xen1, running)', 'xen1'],
    ['during', 'menas (domain 3 on xen1, running), menas--incoming (domain 1 on xen2, paused)', undefined],
    ['after', 'menas (domain 1 on xen2, running)', 'xen2'],
  ])('%s it there is %s', (moment, words, home) => {
    const copies = copiesIn('success', moment)
    expect(describeCopies(copies)).toBe(words)
    expect(settledHost(copies)).toBe(home)
  })
})

test('cut off before the target may start, both copies stand still, and all had arrived', () => {
  expect(describeCopies(copiesIn('ssh-cut-before-go', 'after'))).toBe(
    'menas--migratedaway (domain 4 on xen1, suspended), menas--incoming (domain 2 on xen2, paused)',
  )
  expect(readMigrationLog(logOf('ssh-cut-before-go'))).toMatchObject({ hasArrived: true, hasStarted: false })
  expect(complaintsIn(logOf('ssh-cut-before-go'))).toContain('Domain state is now undefined !')
})

test.each([
  ['ssh-unknown-host-key', 'Host key verification failed.'],
  ['ssh-times-out', 'Connection timed out during banner exchange'],
])('%s: nothing has begun, and ssh is quoted', (recorded, words) => {
  expect(readMigrationLog(logOf(recorded))).toMatchObject({ phase: 'connecting', hasArrived: false })
  expect(complaintsIn(logOf(recorded))).toContain(words)
})
