import { describe, expect, test } from 'vitest'
import { splitDracutRoot, splitKernelRoot, splitKlibcRoot } from '../../../../src/dhcp/clients/root-path.ts'

const parts = ({ server, path, options }: ReturnType<typeof splitKernelRoot>) => [server, path, options]

describe('option 17, read by', () => {
  test.each([
    ['10.0.0.1:/srv/a', ['10.0.0.1', '/srv/a', undefined]],
    ['/srv/a', [undefined, '/srv/a', undefined]],
    ['/srv/a,vers=3,tcp', [undefined, '/srv/a', 'vers=3,tcp']],
    ['10.0.0.1:/srv/a,vers=3', ['10.0.0.1', '/srv/a', 'vers=3']],
    ['filer:/srv/a', [undefined, 'filer:/srv/a', undefined]],
  ])('the kernel: %s', (text, expected) => {
    expect(parts(splitKernelRoot(text))).toEqual(expected)
  })

  test.each([
    ['10.0.0.1:/srv/a', ['10.0.0.1', '/srv/a', undefined]],
    ['/srv/a', [undefined, '/srv/a', undefined]],
    ['10.0.0.1:/srv/a,vers=3', ['10.0.0.1', '/srv/a,vers=3', undefined]],
  ])('initramfs-tools: %s', (text, expected) => {
    expect(parts(splitKlibcRoot(text))).toEqual(expected)
  })

  test.each([
    ['10.0.0.1:/srv/a', ['10.0.0.1', '/srv/a', undefined]],
    ['/srv/a', [undefined, '/srv/a', undefined]],
    ['nfs:10.0.0.1:/srv/a:vers=3', ['10.0.0.1', '/srv/a', 'vers=3']],
    ['nfs4:/srv/a', [undefined, '/srv/a', undefined]],
    ['10.0.0.1:/srv/a,vers=3', ['10.0.0.1', '/srv/a', 'vers=3']],
  ])('dracut: %s', (text, expected) => {
    expect(parts(splitDracutRoot(text))).toEqual(expected)
  })
})
