import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Inventory } from '../../../src/model/inventory.ts'
import { entriesOf } from '../../../src/nfs/entries.ts'
import { unknownFacts } from '../../../src/nfs/facts.ts'
import { exportIds } from '../../../src/nfs/ganesha.ts'
import { nfsKinds } from '../../../src/nfs/kinds.ts'
import { owner, request, serverIn, siteOf } from '../../builders/exports.ts'

const guests = [
  ['menas', 'slack', '38.99.2.222'],
  ['web1', 'deb12', '38.99.2.223'],
  ['web2', 'deb12', '38.99.2.224'],
] as const

describe.each(['print', 'ganesha'] as const)('a server of kind %s', (kind) => {
  const site = siteOf(guests, { kind, shared: ['deb12'] })
  const none: Inventory = { ...site, domains: new Map() }
  const facts = unknownFacts('domus does not look')

  test('has a text of its own', async () => {
    const text = nfsKinds[kind].render(owner, entriesOf(serverIn(site), site))
    await expect(text).toMatchFileSnapshot(`../../golden/exports/shared.${kind}.txt`)
  })

  test('gets no step: the text and what to do with it are a warning', () => {
    const plan = nfsKinds[kind].plan(request(site, { facts, current: none }))
    expect(plan).toMatchObject({ steps: [], problems: [], facts: 'known' })
    expect(plan.warnings).toEqual([
      { path: 'servers/filer', message: expect.stringMatching(/by hand:\n {2}1\. /) },
    ])
    expect(plan.warnings[0]?.message).toContain('/usr/xen/images/deb12')
  })

  test('has nothing to say when nothing changes', () => {
    expect(nfsKinds[kind].plan(request(site, { facts, current: site })).warnings).toEqual([])
  })

  test('is told when the last export goes', () => {
    expect(nfsKinds[kind].plan(request(none, { facts, current: site })).warnings).toHaveLength(1)
  })

  test('never renders what is not of the strict grammar', () => {
    const bad = { path: '/srv/a"; } EXPORT {', client: '10.0.0.1', access: 'rw' } as const
    expect(() => nfsKinds[kind].render(owner, [bad])).toThrow(
      expect.objectContaining({ code: 'invalid-input' }),
    )
  })
})

describe('export ids of ganesha', () => {
  const paths = fc.uniqueArray(
    fc.nat(100_000).map((n) => `/srv/${n}`),
    { minLength: 1, maxLength: 300 },
  )

  test('are unique, 16 bits wide and never 0', () => {
    fc.assert(
      fc.property(paths, (list) => {
        const ids = [...exportIds(list).values()]
        expect(new Set(ids).size).toBe(list.length)
        expect(ids.every((id) => id >= 1 && id <= 65535)).toBe(true)
      }),
    )
  })

  test('stay when other paths come that do not meet them', () => {
    expect(exportIds(['/srv/a', '/srv/b']).get('/srv/b')).toBe(exportIds(['/srv/b']).get('/srv/b'))
  })
})
