import { describe, expect, test } from 'vitest'
import { inheritedSockets } from '../../../../src/dhcp/socket/inherited.ts'

describe('sockets of systemd', () => {
  const env = { LISTEN_PID: '812', LISTEN_FDS: '2', LISTEN_FDNAMES: 'lan:dmz' }
  test('are known by the network they are named after', () => {
    expect(inheritedSockets(env, 812)).toEqual({ lan: 3, dmz: 4 })
  })
  test('of another process are not ours', () => {
    expect(inheritedSockets(env, 813)).toEqual({})
  })
  test('are none without systemd', () => {
    expect(inheritedSockets({}, 812)).toEqual({})
  })
})
