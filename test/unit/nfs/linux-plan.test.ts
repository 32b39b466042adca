import { describe, expect, test } from 'vitest'
import type { Inventory } from '../../../src/model/inventory.ts'
import { unknownFacts } from '../../../src/nfs/facts.ts'
import type { ExportRequest } from '../../../src/nfs/kind.ts'
import { linux } from '../../../src/nfs/linux.ts'
import {
  book,
  directory,
  exportedFacts,
  factsOf,
  known,
  liveExport,
  request,
  siteOf,
} from '../../builders/exports.ts'

const slack = '/usr/xen/images/slack'
const menas = { path: slack, client: '38.99.2.222', access: 'rw', domain: 'menas' }
const two = siteOf([
  ['menas', 'slack', '38.99.2.222'],
  ['web', 'web', '38.99.2.223'],
])
const planOf = (inventory: Inventory, over: Partial<ExportRequest> = {}) =>
  linux.plan(request(inventory, over))
const messages = (found: readonly { message: string }[]) => found.map(({ message }) => message).join('\n')

test('the first export is one step with the whole file', () => {
  const { steps, warnings, problems, facts } = planOf(book)
  expect({ warnings, problems, facts }).toEqual({ warnings: [], problems: [], facts: 'known' })
  expect(steps).toEqual([
    {
      kind: 'export',
      on: 'filer',
      machine: 'local',
      serverKind: 'linux',
      path: '/etc/exports.d/domus.exports',
      before: [],
      after: [menas],
      fileBefore: { kind: 'absent' },
      content: expect.stringMatching(/^# Managed by domus for site book;/),
    },
  ])
})

test('exports that are as they should be need no step', () => {
  expect(planOf(book, { facts: exportedFacts(book) })).toEqual({
    steps: [],
    warnings: [],
    problems: [],
    facts: 'known',
    unknown: [],
  })
})

test('a second guest keeps the first one’s line', () => {
  const { steps } = planOf(two, { facts: { ...exportedFacts(book), paths: factsOf(two).paths } })
  expect(steps).toMatchObject([
    { before: [{ client: '38.99.2.222' }], after: [{ client: '38.99.2.222' }, { client: '38.99.2.223' }] },
  ])
})

test('an export that is in the file and not live is put back', () => {
  const facts = exportedFacts(book, { live: known([]) })
  expect(planOf(book, { facts }).steps).toHaveLength(1)
})

test('an export that is live with other rights is put right', () => {
  const live = known([liveExport(slack, '38.99.2.222', 'rw,sync,no_subtree_check,no_root_squash,insecure')])
  expect(planOf(book, { facts: exportedFacts(book, { live }) }).steps).toHaveLength(1)
})

test('the last export takes the file with it', () => {
  const none: Inventory = { ...book, domains: new Map() }
  expect(planOf(none, { facts: exportedFacts(book), current: book }).steps).toMatchObject([
    { content: '', after: [], before: [{ client: '38.99.2.222' }] },
  ])
})

describe('the export of a running guest', () => {
  const none: Inventory = { ...book, domains: new Map() }
  const running = known(new Set(['38.99.2.222']))

  test('is not removed', () => {
    const { problems } = planOf(none, { facts: exportedFacts(book, { running }), current: book })
    expect(problems).toEqual([
      {
        path: 'servers/filer',
        message: `menas at 38.99.2.222 runs from ${slack} now; stop it before its export is removed`,
      },
    ])
  })

  test('is not made read-only', () => {
    const shared = siteOf([['menas', 'slack', '38.99.2.222']], { shared: ['slack'] })
    const { problems } = planOf(shared, { facts: exportedFacts(book, { running }) })
    expect(messages(problems)).toContain('stop it before its export is changed')
  })

  test('stays while others come and go', () => {
    const facts = { ...exportedFacts(book, { running }), paths: factsOf(two).paths }
    expect(planOf(two, { facts })).toMatchObject({ problems: [], steps: [{ kind: 'export' }] })
  })

  test('is not removed either when nobody knows what runs: the facts are unknown', () => {
    const facts = exportedFacts(book, { running: { kind: 'unknown', reason: 'h1 is down' } })
    expect(planOf(none, { facts }).facts).toBe('unknown')
  })
})

describe('a path', () => {
  test.each([
    ['that is not there', { kind: 'absent' }, 'does not exist'],
    ['that is a file', { kind: 'other', type: 'regular file' }, 'is a regular file, not a directory'],
    ['behind a symbolic link', directory('/data/slack'), 'is really /data/slack'],
    ['that leads to /', directory('/'), 'is the root of the server itself'],
  ] as const)('%s is refused', (_what, fact, message) => {
    const { problems } = planOf(book, { facts: factsOf(book, { paths: new Map([[slack, fact]]) }) })
    expect(problems).toEqual([{ path: 'images/slack/path', message: expect.stringContaining(message) }])
  })

  test('that nobody could look at makes the facts unknown', () => {
    const paths = new Map([[slack, { kind: 'unknown', reason: 'no stat' } as const]])
    expect(planOf(book, { facts: factsOf(book, { paths }) })).toMatchObject({
      facts: 'unknown',
      problems: [],
      steps: [{}],
    })
  })

  test('on an overlay gets an fsid that stays when the overlay goes', () => {
    const overlay = factsOf(book, {
      paths: new Map([[slack, directory(slack, { fileSystemType: 'overlay' })]]),
    })
    const [step] = planOf(book, { facts: overlay }).steps
    expect(step).toMatchObject({ after: [{ fsid: expect.stringMatching(/^[0-9a-f]{32}$/) }] })
    const content = step?.kind === 'export' ? step.content : ''
    const later = planOf(book, { facts: factsOf(book, { file: { kind: 'file', content, mode: 0o644 } }) })
    expect(later.steps).toMatchObject([{ content }])
  })
})

describe('an export of somebody else', () => {
  const others = (path: string, client: string, options = 'rw') =>
    factsOf(book, { others: known({ exports: [liveExport(path, client, options)], complaint: '' }) })
  const live = (path: string, client: string, options = 'rw') =>
    factsOf(book, { live: known([liveExport(path, client, options)]) })

  test.each([
    ['of the parent', others('/usr/xen', '10.0.0.0/8')],
    ['of /', others('/', '*', 'ro')],
    ['of a child', others(`${slack}/home`, 'backup')],
    ['of the parent, live only', live('/usr/xen/images', '10.0.0.1', 'ro')],
    ['of the same root to a writer', others(slack, '10.0.0.1')],
    ['of the same root to a writer, live only', live(slack, '38.99.2.199')],
    ['of the same root to the same guest', others(slack, '38.99.2.222')],
  ])('%s is refused', (_what, facts) => {
    const { problems } = planOf(book, { facts })
    expect(problems).toHaveLength(1)
  })

  test('that reads the same root is a warning', () => {
    const { steps, warnings } = planOf(book, { facts: others(slack, 'backup', 'ro') })
    expect(steps).toHaveLength(1)
    expect(messages(warnings)).toBe(
      `filer:${slack} is exported to backup already; it can read the root of menas`,
    )
  })

  test.each(['/usr/xen/images/slackware', '/usr/xen/images/slac', '/usr/xen/images2'])(
    'beside it (%s) is no matter',
    (path) => {
      expect(planOf(book, { facts: others(path, '*') })).toMatchObject({ problems: [], warnings: [] })
    },
  )

  test('left over in the live table for the same guest is taken over', () => {
    expect(planOf(book, { facts: live(slack, '38.99.2.222') })).toMatchObject({ problems: [], steps: [{}] })
  })

  test('with a mistake is reported as theirs and stops nothing', () => {
    const facts = factsOf(book, {
      others: known({ exports: [], complaint: 'exportfs: /etc/exports:3: syntax error' }),
    })
    const { steps, warnings } = planOf(book, { facts })
    expect(steps).toHaveLength(1)
    expect(messages(warnings)).toMatch(/not ours .*syntax error/)
  })
})

test('a second writer of one root is refused, whoever let it through', () => {
  const [domain] = book.domains.values()
  if (!domain) throw new Error('the book has a guest')
  const second = { ...domain, name: 'other', address: '38.99.2.223' }
  const { problems } = planOf({ ...book, domains: new Map([...book.domains, ['other', second]]) })
  expect(problems).toEqual([
    { path: 'domains/other/image', message: expect.stringContaining('belongs to menas (38.99.2.222)') },
  ])
})

describe('isolation', () => {
  const onRoot = factsOf(book, { paths: new Map([[slack, directory(slack, { isOnRoot: true })]]) })
  const shares = (trusts: readonly [string | undefined, string | undefined], shared: string[] = []) => {
    const site = siteOf(
      [
        ['a', 'one', '38.99.2.10', trusts[0]],
        ['b', 'two', '38.99.2.11', trusts[1]],
      ],
      { shared },
    )
    const paths = new Map(
      [...site.images.values()].map(({ path }) => [path, directory(path, { fileSystem: '8:1' })] as const),
    )
    return [site, factsOf(site, { paths })] as const
  }

  test('a root on the file system of / is a warning, or a refusal', () => {
    expect(planOf(book, { facts: onRoot })).toMatchObject({ problems: [], steps: [{}], warnings: [{}] })
    expect(planOf(book, { facts: onRoot, isolation: 'refuse' })).toMatchObject({
      problems: [{ path: 'servers/filer', message: expect.stringContaining('file system of its /') }],
    })
  })

  test('guests of different trust on one file system are a warning, or a refusal', () => {
    const [site, facts] = shares(['red', 'blue'])
    expect(planOf(site, { facts })).toMatchObject({ problems: [], steps: [{}], warnings: [{}] })
    expect(messages(planOf(site, { facts, isolation: 'refuse' }).problems)).toMatch(
      /^guests of different trust share one file system of filer: a \(red, .*b \(blue, /,
    )
  })

  test.each([
    ['of one trust', ['red', 'red'], []],
    ['without a trust', [undefined, undefined], []],
    ['that may only read', ['red', 'blue'], ['one', 'two']],
  ] as const)('guests %s may share one', (_what, trusts, shared) => {
    const [site, facts] = shares(trusts, [...shared])
    expect(planOf(site, { facts, isolation: 'refuse' }).problems).toEqual([])
  })

  test('a writer beside a reader of other trust is not', () => {
    const [site, facts] = shares(['red', 'blue'], ['two'])
    expect(planOf(site, { facts, isolation: 'refuse' }).problems).toHaveLength(1)
  })
})

describe('a drop-in changed by hand', () => {
  const file = (content: string) => ({ kind: 'file', content, mode: 0o644 }) as const
  const written = exportedFacts(book).file
  const ours = written.kind === 'file' ? written.content : ''
  const edited = exportedFacts(book, { file: file(`${ours}/srv/media 10.0.0.5(ro)\n/srv/b *(ro)\n`) })

  test('stops, with the difference and both ways out', () => {
    const { problems } = planOf(two, { facts: { ...edited, paths: factsOf(two).paths } })
    expect(messages(problems)).toMatch(/changed by hand.*--adopt.*--overwrite/)
    expect(messages(problems)).toContain('\n-/srv/media 10.0.0.5(ro)\n')
    expect(messages(problems)).toContain('\n+/usr/xen/images/web 38.99.2.223(')
  })

  test('is put right by --overwrite, which says what is lost', () => {
    const { steps, warnings } = planOf(book, { facts: edited, drift: 'overwrite' })
    expect(steps).toMatchObject([{ kind: 'export', content: ours, before: [{}, { path: '/srv/media' }] }])
    expect(messages(warnings)).toContain('/srv/b *(ro)')
  })

  test('keeps the lines of others beside it by --adopt', () => {
    const { steps } = planOf(book, { facts: edited, drift: 'adopt' })
    expect(steps).toMatchObject([
      {
        kind: 'write',
        path: '/etc/exports.d/domus-kept.exports',
        content: '/srv/media 10.0.0.5(ro)\n/srv/b *(ro)\n',
      },
      { kind: 'export', content: ours, before: [{ path: slack }] },
    ])
  })

  test('loses neither a comment nor an export of our image to somebody else', () => {
    const more = `# my note\n${slack} 10.9.9.9(ro,no_subtree_check)\n${slack} 38.99.2.222(rw)\n`
    const facts = exportedFacts(book, { file: file(`${ours}${more}`) })
    expect(planOf(book, { facts, drift: 'adopt' }).steps[0]).toMatchObject({
      content: `# my note\n${slack} 10.9.9.9(ro,no_subtree_check)\n`,
    })
    expect(messages(planOf(book, { facts, drift: 'overwrite' }).warnings)).toContain(
      `loses 2 lines (# my note | ${slack} 10.9.9.9(ro,no_subtree_check))`,
    )
  })

  test('adds to what was kept before', () => {
    const facts = { ...edited, kept: file('/srv/old *(ro)') }
    expect(planOf(book, { facts, drift: 'adopt' }).steps[0]).toMatchObject({
      content: '/srv/old *(ro)\n/srv/media 10.0.0.5(ro)\n/srv/b *(ro)\n',
    })
  })

  test('with a continued line is left to a person', () => {
    const facts = exportedFacts(book, { file: file(`/srv/a \\\n *(ro)\n${ours}`) })
    expect(messages(planOf(book, { facts, drift: 'adopt' }).problems)).toContain('move them by hand')
  })
})

test('a TrueNAS is never written', () => {
  const { problems } = planOf(book, { facts: factsOf(book, { appliance: 'TrueNAS' }) })
  expect(problems).toEqual([
    { path: 'servers/filer/kind', message: expect.stringContaining('use kind: print') },
  ])
})

describe('a server that cannot be reached', () => {
  const facts = unknownFacts('filer is down')

  test('is planned as far as possible, and known as unknown', () => {
    expect(planOf(book, { facts })).toMatchObject({
      facts: 'unknown',
      unknown: [{ path: 'servers/filer', message: 'its exports: filer is down' }],
      problems: [],
      steps: [{ fileBefore: { kind: 'unknown', reason: 'filer is down' }, before: [] }],
    })
  })

  test('has no step when nothing is exported from it', () => {
    const none: Inventory = { ...book, domains: new Map() }
    expect(planOf(none, { facts })).toMatchObject({ facts: 'unknown', steps: [] })
  })
})
