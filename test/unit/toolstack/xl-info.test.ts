import { expect, test } from 'vitest'
import { parseInfo } from '../../../src/toolstack/xl-info.ts'

const INFO = `host                   : xen1
release                : 6.1.192
machine                : x86_64
nr_cpus                : 2
virt_caps              : pv hvm hvm_directio pv_directio hap gnttab-v1 gnttab-v2
total_memory           : 1023
free_memory            : 409
xen_major              : 4
xen_minor              : 17
xen_extra              : .6-pre
xen_version            : 4.17.6-pre
xen_caps               : xen-3.0-x86_64 hvm-3.0-x86_32 hvm-3.0-x86_32p hvm-3.0-x86_64
xen_changeset          :
xen_commandline        : placeholder com1=115200,8n1 console=com1 dom0_mem=512M,max:512M
`

test('a host is read', () => {
  expect(parseInfo(INFO)).toEqual({
    host: 'xen1',
    version: '4.17.6-pre',
    freeMemoryMiB: 409,
    totalMemoryMiB: 1023,
    cpus: 2,
    xenCaps: ['xen-3.0-x86_64', 'hvm-3.0-x86_32', 'hvm-3.0-x86_32p', 'hvm-3.0-x86_64'],
    virtCaps: ['pv', 'hvm', 'hvm_directio', 'pv_directio', 'hap', 'gnttab-v1', 'gnttab-v2'],
  })
})

test('a number that is none is named', () => {
  expect(() => parseInfo(INFO.replace(': 409', ': many'))).toThrow('free_memory many')
})

test('text without what we need is refused', () => {
  expect(() => parseInfo('xl: command not found')).toThrow(
    expect.objectContaining({ code: 'command-failed', message: 'xl info gave no xen_major' }),
  )
})
