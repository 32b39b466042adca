import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { entriesOf, fsidFor, keyOf } from '../../../src/nfs/entries.ts'
import { meaningOf, meaningOfEntry } from '../../../src/nfs/exportfs-table.ts'
import { parseDropIn, renderDropIn } from '../../../src/nfs/linux-file.ts'
import { readTagged, readTrial } from '../../../src/nfs/linux-reading.ts'
import { dryRunArgv } from '../../../src/nfs/linux-scripts.ts'
import type { ExportEntry } from '../../../src/plan/plan.ts'
import { owner, serverIn, siteOf } from '../../builders/exports.ts'
import { anyName, anyPath } from '../../builders/guests.ts'
import { openSandbox, type Sandbox } from './sandbox.ts'

let box: Sandbox

beforeAll(async () => {
  box = await openSandbox()
})
afterAll(() => box.close())

/** What the server's own parser makes of a file whose directories are there. */
async function tryFile(content: string, paths: readonly string[]) {
  await box.machine.run(['xargs', 'mkdir', '-p', '--'], { input: paths.join('\n') })
  const { stdout } = await box.machine.run(dryRunArgv, { input: content })
  const trial = readTrial(readTagged(stdout))
  if (trial.kind === 'unknown') throw new Error(trial.reason)
  return trial.value
}

const linesOf = (entries: readonly ExportEntry[]) =>
  entries.map((entry) => `${keyOf(entry)} ${meaningOfEntry(entry)}`).sort()

// Below /srv, with every character and length the grammar allows; a path may not lie inside another one here.
const anyPlace = anyPath
  .map((path) => `/srv${path}`.slice(0, 255))
  .filter((path) => /^(?:\/[A-Za-z0-9][^/]*)+$/.test(path))

const anyExports = fc
  .uniqueArray(
    fc.record({
      path: anyPlace,
      clients: fc.uniqueArray(fc.ipV4(), { minLength: 1, maxLength: 6 }),
      isShared: fc.boolean(),
      hasFsid: fc.boolean(),
    }),
    { minLength: 1, maxLength: 12, selector: ({ path }) => path },
  )
  .map((images) =>
    images.flatMap(({ path, clients, isShared, hasFsid }): ExportEntry[] =>
      (isShared ? clients : clients.slice(0, 1)).map((client) => ({
        path,
        client,
        access: isShared ? 'ro' : 'rw',
        ...(hasFsid && { fsid: fsidFor(path) }),
      })),
    ),
  )

test('every file we can render is read by the real parser as it is meant, without a word', async () => {
  await fc.assert(
    fc.asyncProperty(anyExports, async (entries) => {
      const trial = await tryFile(
        renderDropIn(owner, entries),
        entries.map(({ path }) => path),
      )
      const read = trial.exports.map((entry) => `${keyOf(entry)} ${meaningOf(entry.options)}`).sort()
      expect({ ...trial, exports: read }).toEqual({ exports: linesOf(entries), complaint: '', exitCode: 0 })
    }),
    { numRuns: 60 },
  )
})

const anySite = fc
  .record({
    names: fc.uniqueArray(anyName, { minLength: 1, maxLength: 8 }),
    offsets: fc.uniqueArray(fc.integer({ min: 10, max: 250 }), { minLength: 8, maxLength: 8 }),
    shared: fc.boolean(),
  })
  .map(({ names, offsets, shared }) =>
    siteOf(
      names.map((name, at) => [
        name,
        shared && at % 2 === 0 ? 'common' : `root-${at}`,
        `38.99.2.${offsets[at]}`,
      ]),
      { shared: shared ? ['common'] : [], folder: '/srv/xen' },
    ),
  )

test('every inventory exports each image to its guests and to nobody else', async () => {
  await fc.assert(
    fc.asyncProperty(anySite, async (inventory) => {
      const wanted = entriesOf(serverIn(inventory), inventory)
      const text = renderDropIn({ ...owner, site: inventory.site }, wanted)
      const { exports, complaint } = await tryFile(
        text,
        wanted.map(({ path }) => path),
      )
      expect(complaint).toBe('')
      expect(exports.map(keyOf).sort()).toEqual(
        [...inventory.domains.values()].map(({ image, address }) => `/srv/xen/${image} ${address}`).sort(),
      )
      expect(parseDropIn(text, inventory.site)).toMatchObject({ kind: 'ours' })
    }),
    { numRuns: 30 },
  )
})

test('ten thousand lines are read, in a second or so', async () => {
  const entries = Array.from(
    { length: 10_000 },
    (_, at): ExportEntry => ({
      path: `/srv/many/${at % 100}`,
      client: `10.${(at >> 16) & 255}.${(at >> 8) & 255}.${at & 255}`,
      access: 'ro',
    }),
  )
  const trial = await tryFile(renderDropIn(owner, entries), [...new Set(entries.map(({ path }) => path))])
  expect([trial.exports.length, trial.complaint, trial.exitCode]).toEqual([10_000, '', 0])
})

// The traps that make the grammar strict: each of these is what the real parser does without our grammar.
test.each([
  ['a blank before the options lets in the world', '/srv 10.0.0.1 (rw,no_subtree_check)', '/srv *'],
])('why we are strict: %s', async (_what, line, key) => {
  const { exports } = await tryFile(`${line}\n`, ['/srv'])
  expect(exports.map(keyOf)).toContain(key)
})
