import { expect, test } from 'vitest'
import { compileReply } from '../../../../src/dhcp/replies.ts'
import { reservationOf } from '../../../../src/dhcp/reservation.ts'
import { type FlatBoots, pushBoot, readBoots } from '../../../../src/dhcp/socket/flat-boots.ts'
import { guest } from '../builders.ts'

test('reading undoes pushing', () => {
  const menas = compileReply(reservationOf(guest()))
  const boots: FlatBoots = []
  pushBoot(boots, menas, 'discover', 1000)
  pushBoot(boots, menas, 'bootp-reply', 2000)
  const subject = { kind: 'boot', network: 'lan', domain: 'menas', mac: '00:16:3e:00:00:01' }
  expect([...readBoots(boots)]).toEqual([
    { ...subject, stage: 'discover', at: 1000 },
    { ...subject, stage: 'bootp-reply', at: 2000 },
  ])
})
