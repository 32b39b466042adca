import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parseInfo } from '../../../src/toolstack/xl-info.ts'

const INFO = readFileSync(new URL('../../fixtures/xl-4.17/info.txt', import.meta.url), 'utf8')

test('what xl 4.17 printed of a host', () => {
  expect(parseInfo(INFO)).toEqual({
    commandLine: expect.stringContaining('dom0_mem=512M'),
    host: 'xen1',
    version: '4.17.7',
    freeMemoryMiB: 434,
    totalMemoryMiB: 1023,
    cpus: 2,
    xenCaps: ['xen-3.0-x86_64', 'hvm-3.0-x86_32', 'hvm-3.0-x86_32p', 'hvm-3.0-x86_64'],
    virtCaps: ['pv', 'hvm', 'hap', 'gnttab-v1', 'gnttab-v2'],
  })
})

test('a number that is none is named', () => {
  expect(() => parseInfo(INFO.replace(': 434', ': many'))).toThrow('free_memory many')
})

test('text without what we need is refused', () => {
  expect(() => parseInfo('xl: command not found')).toThrow(
    expect.objectContaining({ code: 'command-failed', message: 'xl info gave no xen_major' }),
  )
})
