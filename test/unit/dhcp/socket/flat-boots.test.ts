import { expect, test } from 'vitest'
import { type FlatBoots, pushBoot, readBoots } from '../../../../src/dhcp/socket/flat-boots.ts'

test('reading undoes pushing', () => {
  const menas = { network: 'lan', domain: 'menas', mac: 0x00163e000001 }
  const boots: FlatBoots = []
  pushBoot(boots, menas, 'discover', 1000)
  pushBoot(boots, menas, 'bootp-reply', 2000)
  const subject = { kind: 'boot', network: 'lan', domain: 'menas', mac: '00:16:3e:00:00:01' }
  expect([...readBoots(boots)]).toEqual([
    { ...subject, stage: 'discover', at: 1000 },
    { ...subject, stage: 'bootp-reply', at: 2000 },
  ])
})
