import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { localJobs } from '../../../src/service/local-jobs.ts'
import { listClaims } from '../../../src/store/claims.ts'
import { domainDocument, imageDocument, serverDocument, siteDocument } from '../../builders/site.ts'
import { openRaceApp, prepareRace } from './race-app.ts'
import { startNode } from './start-node.ts'

const GUESTS = 5
const all = Array.from({ length: GUESTS }, (_, index) => index)

const site = siteDocument({
  servers: [serverDocument({ kind: 'print' })],
  images: all.map((index) => imageDocument({ name: `root${index}`, path: `/srv/root${index}` })),
  domains: all.map((index) =>
    domainDocument({ name: `d${index}`, image: `root${index}`, address: `38.99.2.${100 + index}` }),
  ),
})

// A service and a command line in its own process, or two services: each opens the database by itself.
test('of two processes that start a guest at the same time, one does, and xl is called once', {
  timeout: 300_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'domus-starts-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  prepareRace(folder)
  const app = await openRaceApp(folder)
  const jobs = await localJobs(app)
  await jobs.run({ kind: 'apply', document: site })

  const racers = [1, 2].map(() => startNode('start-racer.ts', folder, String(GUESTS)))
  await Promise.all(racers.map((racer) => once(racer.stdout, 'data')))
  for (const racer of racers) racer.stdin.write('go\n')
  const [a = [], b = []] = (await Promise.all(racers)).map(({ stdout }): number[] =>
    JSON.parse(stdout.replace('ready\n', '')),
  )

  expect([...a, ...b].toSorted((one, other) => one - other)).toEqual(all)
  const created = readFileSync(join(folder, 'domains.created'), 'utf8').trim().split('\n')
  expect(created.toSorted()).toEqual(all.map((index) => `d${index}`).toSorted())
  expect((await listClaims(app.store)).map(({ domain }) => domain).toSorted()).toEqual(created.toSorted())
  await jobs.close()
})
