import { expect, test } from 'vitest'
import type { RivalFacts } from '../../../../src/boot/facts.ts'
import { dhcpLink } from '../../../../src/boot/links/dhcp.ts'
import { bootFacts, known, unknown } from '../../../builders/boot-facts.ts'
import { domainDocument, guestFrom, siteDocument } from '../../../builders/site.ts'

const guest = guestFrom(siteDocument({ domains: [domainDocument({ boot: 'dhcp' })] }))
const HIS_AND_HIS_ROOT = '38.99.2.222 and 38.99.2.7:/usr/xen/images/slack'

/** The verdict on a guest whose answer is right, with these other servers about. */
function verdict(rivals: RivalFacts) {
  const facts = bootFacts(guest)
  if (facts.dhcp.kind === 'unknown') throw new Error(facts.dhcp.reason)
  return dhcpLink(guest, { ...facts, dhcp: known({ ...facts.dhcp.value, rivals }) })
}

const seenAt = (server: string, at: string) => ({ server, mac: '00:16:3e:00:00:09', at })

test('nobody has looked for others: our answer is right', () => {
  expect(verdict({ seen: [] })).toMatchObject({
    status: 'ok',
    detail: `our answer gives ${HIS_AND_HIS_ROOT}`,
  })
})

test('a probe that found nobody: our answer is the only one', () => {
  expect(verdict({ seen: [], probed: known([]) })).toMatchObject({
    status: 'ok',
    detail: `our answer, the only one, gives ${HIS_AND_HIS_ROOT}`,
  })
})

test('a probe that found somebody fails, naming him and what to do', () => {
  expect(verdict({ seen: [], probed: known(['38.99.2.9', '38.99.2.8']) })).toMatchObject({
    status: 'fail',
    detail: '38.99.2.9, 38.99.2.8 answers DHCP on network lan too, and the guest takes the first answer',
    fix: expect.stringMatching(/^stop that server, or let it ignore 00:16:3e:/),
  })
})

test('a probe that could not be made leaves it open, with the reason', () => {
  expect(verdict({ seen: [], probed: unknown('cannot probe: port 68 is held by dhclient') })).toMatchObject({
    status: 'unknown',
    detail: expect.stringContaining('cannot probe: port 68 is held by dhclient'),
  })
})

test('one that clients have chosen is a warning with the last time', () => {
  const seen = [seenAt('38.99.2.8', '2026-11-23T06:00:00Z'), seenAt('38.99.2.9', '2026-11-23T07:00:00Z')]
  expect(verdict({ seen })).toMatchObject({
    status: 'warn',
    detail: `our answer gives ${HIS_AND_HIS_ROOT}, but 38.99.2.9 answers on network lan too: 00:16:3e:00:00:09 chose it at 2026-11-23T07:00:00Z`,
  })
})

test('one that was seen stays a warning when a probe finds nobody: he may answer only those he knows', () => {
  expect(verdict({ seen: [seenAt('38.99.2.8', '2026-11-23T06:00:00Z')], probed: known([]) })).toMatchObject({
    status: 'warn',
  })
})
