import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Inventory } from '../../../src/model/inventory.ts'
import { entriesOf } from '../../../src/nfs/entries.ts'
import type { PathFact } from '../../../src/nfs/facts.ts'
import { freebsd } from '../../../src/nfs/freebsd.ts'
import { parseExportsFile, renderBlock } from '../../../src/nfs/freebsd-file.ts'
import type { ExportRequest } from '../../../src/nfs/kind.ts'
import { readMountd } from '../../../src/nfs/mountd.ts'
import {
  directory,
  factsOf,
  known,
  liveExport,
  owner,
  request,
  serverIn,
  siteOf,
} from '../../builders/exports.ts'

const site = (...domains: Parameters<typeof siteOf>[0]) =>
  siteOf(domains, { kind: 'freebsd', shared: ['deb12'] })
const menas = ['menas', 'slack', '38.99.2.222'] as const
const book = site(menas)
const three = site(menas, ['web1', 'deb12', '38.99.2.223'], ['web2', 'deb12', '38.99.2.9'])
const slack = '/usr/xen/images/slack'
const file = (content: string) => ({ kind: 'file', content, mode: 0o644 }) as const
const planOf = (inventory: Inventory, over: Partial<ExportRequest> = {}) =>
  freebsd.plan(request(inventory, over))
const contentOf = (plan: ReturnType<typeof planOf>) => {
  const [step] = plan.steps
  if (step?.kind !== 'export') throw new Error(`no export step: ${JSON.stringify(plan)}`)
  return step.content
}
const messages = (found: readonly { message: string }[]) => found.map(({ message }) => message).join('\n')

describe('rendering', () => {
  test('the book’s guest', async () => {
    const text = freebsd.render(owner, entriesOf(serverIn(book), book))
    expect(text).toContain('\n/usr/xen/images/slack -maproot=0 38.99.2.222\n')
    await expect(text).toMatchFileSnapshot('../../golden/exports/book.freebsd.exports')
  })

  test('a shared image has one line with all its guests', async () => {
    const text = freebsd.render(owner, entriesOf(serverIn(three), three))
    expect(text).toContain('\n/usr/xen/images/deb12 -ro -maproot=0 38.99.2.9 38.99.2.223\n')
    await expect(text).toMatchFileSnapshot('../../golden/exports/shared.freebsd.exports')
  })

  test('long lists of guests are several lines', () => {
    const many = Array.from({ length: 150 }, (_, at) => ({
      path: '/srv/a',
      client: `10.0.0.${at + 1}`,
      access: 'ro' as const,
    }))
    const lines = renderBlock(owner, many)
      .split('\n')
      .filter((line) => line.startsWith('/'))
    expect(lines.map((line) => line.split(' ').length - 3)).toEqual([64, 64, 22])
  })

  test('nobody is never rendered, which would be the world', () => {
    expect(renderBlock(owner, [])).toBe('')
    expect(() => renderBlock(owner, [{ path: '/srv/a', client: '', access: 'ro' }])).toThrow(
      'not one strict IPv4',
    )
  })

  test('parse undoes render, and mountd would read the same', () => {
    const anyEntry = fc.record({
      path: fc.constantFrom('/srv/a', '/srv/b', '/srv/c'),
      client: fc.ipV4(),
    })
    const anyEntries = fc
      .uniqueArray(anyEntry, { minLength: 1, maxLength: 100, selector: ({ client }) => client })
      .map((entries) =>
        entries.map((entry) => ({
          ...entry,
          access: entry.path === '/srv/a' ? ('rw' as const) : ('ro' as const),
        })),
      )
    fc.assert(
      fc.property(anyEntries, (entries) => {
        const text = renderBlock(owner, entries)
        const verdict = parseExportsFile(text, 'book')
        expect(verdict.kind).toBe('ours')
        expect(renderBlock(owner, verdict.entries)).toBe(text)
        const { exports, faults } = readMountd(text, (path) => path)
        expect(faults).toEqual([])
        expect(
          exports
            .flatMap(({ directories, clients, options }) =>
              clients.map((client) => `${directories.join()} ${client} ${options.join()}`),
            )
            .sort(),
        ).toEqual(
          entries
            .map(
              ({ path, client, access }) =>
                `${path} ${client} ${access === 'ro' ? 'maproot=0,ro' : 'maproot=0'}`,
            )
            .sort(),
        )
      }),
    )
  })
})

describe('planning', () => {
  const theirs = '# home directories\n/home -alldirs -network 10.0.0.0/8\n/var/backup\tbackuphost'

  test('the first export is a block above the administrator’s lines, which stay as they are', () => {
    const plan = planOf(book, { facts: factsOf(book, { file: file(theirs) }) })
    expect(plan).toMatchObject({ problems: [], warnings: [], facts: 'known' })
    expect(contentOf(plan)).toMatch(
      /^# BEGIN DOMUS book\n# Managed by domus;.*\n\/usr.*\n# END DOMUS book\n# home/,
    )
    expect(contentOf(plan).endsWith(theirs)).toBe(true)
  })

  test('the last one takes the block away, and the file is as it was', () => {
    const content = contentOf(planOf(book, { facts: factsOf(book, { file: file(theirs) }) }))
    const none: Inventory = { ...book, domains: new Map() }
    expect(contentOf(planOf(none, { facts: factsOf(book, { file: file(content) }) }))).toBe(theirs)
  })

  test('what is exported as it should be needs no step', () => {
    const content = contentOf(planOf(book))
    const live = known([liveExport(slack, '38.99.2.222', '')])
    expect(planOf(book, { facts: factsOf(book, { file: file(content), live }) }).steps).toEqual([])
  })

  test('what is in the file and not exported is exported again', () => {
    const content = contentOf(planOf(book))
    expect(planOf(book, { facts: factsOf(book, { file: file(content) }) }).steps).toHaveLength(1)
  })

  test('the export of a running guest is not removed', () => {
    const content = contentOf(planOf(book))
    const none: Inventory = { ...book, domains: new Map() }
    const facts = factsOf(book, { file: file(content), running: known(new Set(['38.99.2.222'])) })
    expect(messages(planOf(none, { facts, current: book }).problems)).toContain(
      'menas at 38.99.2.222 runs from',
    )
  })
})

describe('the unit is the file system:', () => {
  const on = (...places: readonly (readonly [string, Partial<PathFact>])[]) =>
    factsOf(three, {
      paths: new Map(places.map(([path, over]) => [path, { ...directory(path), ...over } as PathFact])),
    })

  test('two images on one are refused, with the reason', () => {
    const facts = on([slack, { fileSystem: '/usr' }], ['/usr/xen/images/deb12', { fileSystem: '/usr' }])
    expect(messages(planOf(three, { facts }).problems)).toMatch(
      /lie on one file system of filer, and FreeBSD exports file systems, not directories.*one dataset per image/,
    )
  })

  test('each on one of its own is fine', () => {
    const facts = on([slack, { fileSystem: '/a' }], ['/usr/xen/images/deb12', { fileSystem: '/b' }])
    expect(planOf(three, { facts }).problems).toEqual([])
  })

  test('a guest that the administrator lets into the same file system is refused: mountd takes a host once', () => {
    const base = factsOf(book, { file: file('/usr/ports 38.99.2.222\n') })
    const paths = new Map(base.paths)
    paths.set(slack, directory(slack, { fileSystem: '/usr' }))
    paths.set('/usr/ports', directory('/usr/ports', { fileSystem: '/usr' }))
    expect(messages(planOf(book, { facts: { ...base, paths } }).problems)).toMatch(
      /38\.99\.2\.222 is there twice for one file system/,
    )
  })

  test('clashes among the administrator’s own lines are theirs', () => {
    const base = factsOf(book, { file: file('/usr/ports h\n/usr/src h\n') })
    const paths = new Map(base.paths)
    paths.set('/usr/ports', directory('/usr/ports', { fileSystem: '/usr' }))
    paths.set('/usr/src', directory('/usr/src', { fileSystem: '/usr' }))
    const plan = planOf(book, { facts: { ...base, paths } })
    expect(plan.steps).toHaveLength(1)
    expect(messages(plan.warnings)).toMatch(/h is there twice.*not a line of domus/)
  })

  test.each([
    ['the parent', '/usr/xen h'],
    ['a child', `${slack}/home h`],
    ['the same root to the world', slack],
  ])('an export of %s by the administrator is refused', (_what, line) => {
    expect(planOf(book, { facts: factsOf(book, { file: file(`${line}\n`) }) }).problems).toHaveLength(1)
  })
})

describe('a block changed by hand', () => {
  const content = contentOf(planOf(book))
  const edited = content.replace('# END', '/usr/local -ro other\n# END')
  const facts = factsOf(book, { file: file(`${edited}/home h\n`) })

  test('stops, with both ways out', () => {
    expect(messages(planOf(book, { facts }).problems)).toMatch(
      /\(\/usr\/local -ro other\).*--adopt.*--overwrite/,
    )
  })

  test('keeps the other lines outside of it by --adopt', () => {
    expect(contentOf(planOf(book, { facts, drift: 'adopt' }))).toBe(
      `${content}/usr/local -ro other\n/home h\n`,
    )
  })

  test('loses them by --overwrite, and says so', () => {
    const plan = planOf(book, { facts, drift: 'overwrite' })
    expect(contentOf(plan)).toBe(`${content}/home h\n`)
    expect(messages(plan.warnings)).toMatch(/the block of book in .* loses \/usr\/local -ro other$/)
  })

  test('keeps a comment too', () => {
    const noted = content.replace('# END DOMUS book', '# my note\n# END DOMUS book')
    const plan = planOf(book, { facts: factsOf(book, { file: file(noted) }), drift: 'adopt' })
    expect(contentOf(plan)).toBe(`${content}# my note\n`)
  })

  test.each(['stop', 'adopt', 'overwrite'] as const)(
    'with broken markers is left to a person (%s)',
    (drift) => {
      const broken = factsOf(book, { file: file(content.replace('# END DOMUS book\n', '')) })
      const plan = planOf(book, { facts: broken, drift })
      expect(plan.steps).toEqual([])
      expect(messages(plan.problems)).toContain('put the marker lines right by hand')
    },
  )
})
