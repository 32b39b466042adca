import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parseList } from '../../../src/toolstack/xl-list.ts'

const entry = (config: object = {}, domid = 3) => ({
  domid,
  config: {
    c_info: { domid: 4294967295, type: 'pvh', name: 'nfs1', uuid: '5B1D7A39-8a4b-4f0f-b7a1-5a1d0b6a2b11' },
    b_info: {
      max_memkb: 65536,
      target_memkb: 65536,
      kernel: '/root/guest/kernel-domu',
      cmdline: 'root=/dev/nfs console=hvc0',
      'type.pvh': {},
    },
    nics: [{ devid: 0, mac: '00:16:3E:77:00:01', bridge: 'xenbr0', nictype: 'vif' }],
    ...config,
  },
})

test('a domain is read with what it was made from', () => {
  expect(parseList(JSON.stringify([entry()]))).toEqual([
    {
      name: 'nfs1',
      domid: 3,
      uuid: '5b1d7a39-8a4b-4f0f-b7a1-5a1d0b6a2b11',
      type: 'pvh',
      memoryMiB: 64,
      kernel: '/root/guest/kernel-domu',
      ramdisk: undefined,
      cmdline: 'root=/dev/nfs console=hvc0',
      vifs: [{ mac: '00:16:3e:77:00:01', bridge: 'xenbr0' }],
    },
  ])
})

test('dom0 is not a domU', () => {
  expect(parseList(JSON.stringify([entry({}, 0)]))).toEqual([])
})

test('older Xen keeps the kernel in the fields of the type', () => {
  const [old] = parseList(
    JSON.stringify([entry({ b_info: { 'type.pv': { kernel: '/boot/k', cmdline: 'quiet' } } })]),
  )
  expect(old).toMatchObject({ kernel: '/boot/k', cmdline: 'quiet', memoryMiB: undefined })
})

test('a domain without network cards has none', () => {
  expect(parseList(JSON.stringify([entry({ nics: undefined })]))[0]?.vifs).toEqual([])
})

test.each(['(domain (domid 1))', '{}', '', '[{"domid":1}]', '[7]'])('other text is refused: %s', (text) => {
  expect(() => parseList(text)).toThrow(expect.objectContaining({ code: 'command-failed' }))
})

test('what xl 4.17 printed of a running PVH guest and a crashed PV one', () => {
  const stdout = readFileSync(new URL('../../fixtures/xl-4.17/list-l.json', import.meta.url), 'utf8')
  expect(parseList(stdout)).toEqual([
    {
      name: 'menas',
      domid: 1,
      uuid: '7ccf2d4e-55ec-5050-8e0c-ff3a8c6a362e',
      type: 'pvh',
      memoryMiB: 64,
      kernel: '/boot/vmlinuz-nfsroot',
      ramdisk: undefined,
      cmdline: expect.stringMatching(/^root=\/dev\/nfs nfsroot=10\.77\.0\.1:.* console=hvc0$/),
      vifs: [{ mac: '00:16:3e:d5:70:44', bridge: 'xenbr0' }],
    },
    expect.objectContaining({ name: 'second', domid: 2, type: 'pv', memoryMiB: 48 }),
  ])
})
