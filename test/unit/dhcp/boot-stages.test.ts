import { describe, expect, test } from 'vitest'
import { reachStage } from '../../../src/dhcp/boot-stages.ts'
import type { BootStage } from '../../../src/dhcp/events.ts'

/** Which of these stages, each at its second, are told. */
function told(...stages: readonly (readonly [BootStage, number])[]): string[] {
  const progress = { stages: 0, startedAt: 0 }
  return stages.flatMap(([stage, second]) =>
    reachStage(progress, stage, second * 1000) ? [`${second} ${stage}`] : [],
  )
}

describe('a stage of a boot is told once', () => {
  test('each of its four messages', () => {
    expect(told(['discover', 1], ['offer', 1], ['request', 1], ['ack', 1])).toEqual([
      '1 discover',
      '1 offer',
      '1 request',
      '1 ack',
    ])
  })
  test('not again while the client repeats itself', () => {
    expect(told(['discover', 1], ['discover', 3], ['discover', 8], ['offer', 8])).toEqual([
      '1 discover',
      '8 offer',
    ])
  })
  test('again when the guest boots again', () => {
    expect(told(['discover', 1], ['ack', 1], ['discover', 60], ['ack', 60])).toEqual([
      '1 discover',
      '1 ack',
      '60 discover',
      '60 ack',
    ])
  })
  test('a client that knows its address begins with a REQUEST', () => {
    expect(told(['request', 1], ['ack', 1], ['request', 60], ['ack', 60])).toHaveLength(4)
  })
  test('a late answer does not begin a boot', () => {
    expect(told(['discover', 1], ['offer', 1], ['offer', 60])).toEqual(['1 discover', '1 offer'])
  })
})
