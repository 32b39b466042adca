import { expect, test } from 'vitest'
import { droppedSymbols, formatConfig, parseConfig } from '../../xen/artefacts/kconfig.ts'

test('of two lines about one symbol, the last counts', () => {
  const config = parseConfig('CONFIG_ROOT_NFS=y\nCONFIG_NET=y\n', '# CONFIG_ROOT_NFS is not set\n')
  expect(formatConfig(config)).toBe('CONFIG_NET=y\n# CONFIG_ROOT_NFS is not set\n')
})

test('comments and order make no difference to what is requested', () => {
  const one = parseConfig('# why\nCONFIG_NET=y\nCONFIG_INET=y\n')
  const other = parseConfig('CONFIG_INET=y\n\nCONFIG_NET=y # not\nCONFIG_NET=y\n')
  expect(formatConfig(one)).toBe(formatConfig(other))
})

test('a symbol that kconfig left out, or made a module, is named with what was asked for', () => {
  const requested = parseConfig(
    'CONFIG_XEN_PVH=y\nCONFIG_NFS_FS=y\nCONFIG_NET=y\n# CONFIG_NFS_V2 is not set\n',
  )
  const result = parseConfig('CONFIG_NET=y\nCONFIG_NFS_FS=m\n')
  expect(droppedSymbols(requested, result)).toEqual([
    'CONFIG_XEN_PVH: asked for y, got nothing',
    'CONFIG_NFS_FS: asked for y, got m',
  ])
})
