import { expect, test } from 'vitest'
import type { Claim, SiteFacts } from '../../../src/plan/facts.ts'
import { planDestroy, planReboot, planStart, planStop } from '../../../src/plan/lifecycle.ts'
import type { DomainOnHost } from '../../../src/toolstack/toolstack.ts'
import { domainDocument, guestFrom, imageDocument, siteDocument } from '../../builders/site.ts'

const guest = guestFrom()
const running = (over: Partial<DomainOnHost> = {}): DomainOnHost => ({
  name: 'menas',
  domid: 7,
  uuid: guest.domain.uuid,
  type: 'pv',
  memoryMiB: 256,
  kernel: undefined,
  ramdisk: undefined,
  cmdline: undefined,
  vifs: [{ mac: guest.domain.mac, name: undefined, bridge: 'xenbr0' }],
  ...over,
})
const claim: Claim = {
  root: 'filer:/usr/xen/images/slack',
  domain: 'menas',
  host: 'h1',
  generation: 4,
  since: 'then',
}

const moment = (domains: DomainOnHost[], over: Partial<SiteFacts> = {}) => ({
  revision: 9,
  now: '2026-01-01T00:00:00.000Z',
  facts: {
    files: new Map(),
    hosts: new Map([['h1', { running: new Map(domains.map((one) => [one.name, one])), systemd: false }]]),
    servers: new Map(),
    claims: new Map(),
    unknown: [],
    ...over,
  },
})

test('a start takes the claim on the writable root, then creates the domU', () => {
  const { plan, refusals } = planStart(guest, moment([]))
  expect(refusals).toEqual([])
  expect(plan).toMatchObject({
    title: 'start domain menas on h1',
    facts: 'known',
    steps: [
      {
        kind: 'record',
        revision: 9,
        changes: [
          {
            noun: 'claims',
            name: 'filer:/usr/xen/images/slack',
            after: { domain: 'menas', host: 'h1', generation: 1 },
          },
        ],
      },
      {
        kind: 'start',
        machine: 'local',
        domain: 'menas',
        uuid: guest.domain.uuid,
        argv: ['xl', 'create', '/etc/xen/menas.cfg'],
      },
    ],
  })
})

test('a claim left by a guest that ended by itself is taken over with the next generation', () => {
  const { plan } = planStart(guest, moment([], { claims: new Map([['menas', claim]]) }))
  expect(plan.steps[0]).toMatchObject({ changes: [{ before: claim, after: { generation: 5 } }] })
})

test('a claim on the root of a former image is given up for the one on the new', () => {
  const old = { ...claim, root: 'filer:/usr/xen/images/old' }
  const { plan } = planStart(guest, moment([], { claims: new Map([['menas', old]]) }))
  expect(plan.steps[0]).toMatchObject({
    changes: [
      { noun: 'claims', name: old.root, before: old },
      { noun: 'claims', name: claim.root, after: { generation: 1 } },
    ],
  })
})

test('a shared root needs no claim', () => {
  const shared = guestFrom(
    siteDocument({ images: [imageDocument({ sharing: 'shared' })], domains: [domainDocument()] }),
  )
  expect(planStart(shared, moment([])).plan.steps.map(({ kind }) => kind)).toEqual(['start'])
})

test.each([
  ['its name', running(), 'menas runs already on h1, as domain 7'],
  ['its uuid', running({ name: 'other' }), /^its uuid .* runs already on h1, as other$/],
  ['its mac', running({ name: 'other', uuid: 'x' }), /^its mac .* is in use on h1, by other$/],
])('a start is refused when %s runs already', (_what, other, message) => {
  const { refusals } = planStart(guest, moment([other]))
  expect(refusals).toEqual([
    {
      path: 'domains/menas',
      message: typeof message === 'string' ? message : expect.stringMatching(message),
    },
  ])
})

test('a host that cannot be asked makes the facts unknown', () => {
  const hosts = new Map([['h1', { running: undefined, systemd: false }]])
  expect(
    planStart(guest, moment([], { hosts, unknown: [{ path: 'hosts/h1', message: 'no route' }] })).plan.facts,
  ).toBe('unknown')
})

test('a stop or a reboot needs to know of its own host alone', () => {
  const other = { unknown: [{ path: 'hosts/h2', message: 'no route' }] }
  for (const planned of [planStop, planDestroy, planReboot])
    expect(planned(guest, moment([running()], other)).plan.facts).toBe('known')
  expect(planStart(guest, moment([], other)).plan.facts).toBe('unknown')
})

test('a guest that runs elsewhere than it is recorded keeps its claim', () => {
  const hosts = new Map([
    ['h1', { running: new Map(), systemd: false }],
    ['h2', { running: new Map([['menas', running()]]), systemd: false }],
  ])
  expect(planStop(guest, moment([], { hosts })).refusals).toEqual([
    { path: 'domains/menas', message: expect.stringMatching(/^runs on h2 .*domus repair menas/) },
  ])
})

test('a stop shuts down, waits, and gives up the claim', () => {
  const { plan } = planStop(guest, moment([running()], { claims: new Map([['menas', claim]]) }))
  expect(plan.steps).toMatchObject([
    { kind: 'stop', argv: ['xl', 'shutdown', 'menas'] },
    { kind: 'record', changes: [{ noun: 'claims', name: claim.root, before: claim }] },
  ])
})

test('destroying what is gone only gives up the claim', () => {
  const { plan } = planDestroy(guest, moment([], { claims: new Map([['menas', claim]]) }))
  expect(plan.steps.map(({ kind }) => kind)).toEqual(['record'])
})

test('a reboot needs a running guest', () => {
  expect(planReboot(guest, moment([running()])).plan.steps).toMatchObject([
    { kind: 'run', argv: ['xl', 'reboot', 'menas'] },
  ])
  expect(planReboot(guest, moment([])).refusals).toMatchObject([
    { message: expect.stringContaining('does not run on h1') },
  ])
})

test.each([planStop, planDestroy, planReboot])(
  '$name of a guest of its name with another uuid: warned',
  (plan) => {
    const uuid = 'c0ffee00-0000-4000-8000-000000000000'
    expect(plan(guest, moment([running({ uuid })])).plan.warnings).toEqual([
      {
        path: 'domains/menas',
        message: expect.stringMatching(/on h1, as domain 7, has uuid c0ffee00-.* by hand$/),
      },
    ])
    expect(plan(guest, moment([running()])).plan.warnings).toEqual([])
  },
)
