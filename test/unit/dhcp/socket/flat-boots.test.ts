import { expect, test } from 'vitest'
import { newFlatBoots, pushBoot, readBoots, takeBoots } from '../../../../src/dhcp/socket/flat-boots.ts'

test('reading undoes pushing', () => {
  const menas = { network: 'lan', domain: 'menas', mac: 0x00163e000001 }
  const boots = newFlatBoots()
  pushBoot(boots, menas, 'discover', 1000)
  pushBoot(boots, menas, 'bootp-reply', 2000)
  const subject = { kind: 'boot', network: 'lan', domain: 'menas', mac: '00:16:3e:00:00:01' }
  expect([...readBoots(takeBoots(boots))]).toEqual([
    { ...subject, stage: 'discover', at: 1000 },
    { ...subject, stage: 'bootp-reply', at: 2000 },
  ])
})

test('what is taken does not change when more is pushed, and any number fits', () => {
  const boots = newFlatBoots()
  pushBoot(boots, { network: 'lan', domain: 'first', mac: 1 }, 'ack', 1000)
  const first = takeBoots(boots)
  for (let mac = 0; mac < 10_000; mac++)
    pushBoot(boots, { network: 'lan', domain: `guest${mac}`, mac }, 'offer', 1_700_000_000_000 + mac)
  expect([...readBoots(first)].map(({ domain }) => domain)).toEqual(['first'])
  const rest = [...readBoots(takeBoots(boots))]
  expect(rest).toHaveLength(10_000)
  expect(rest.at(-1)).toMatchObject({ domain: 'guest9999', mac: '00:00:00:00:27:0f', at: 1_700_000_009_999 })
})
