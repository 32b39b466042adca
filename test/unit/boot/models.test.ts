import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkCmdline, type Dialect } from '../../../src/boot/cmdline.ts'
import { expectedAnswer } from '../../../src/boot/expected.ts'
import { models } from '../../../src/boot/models.ts'
import { netmaskOf, parseCidr } from '../../../src/model/address.ts'
import { isWritable } from '../../../src/model/inventory.ts'
import { anyGuest, compose } from '../../builders/guests.ts'
import { anyText } from '../../builders/text.ts'

const few = { numRuns: 25 }
const dialects = Object.keys(models) as Dialect[]

describe.each(dialects)('every guest whose command line is accepted, read by %s,', (dialect) => {
  const accepted = anyGuest.filter((guest) => checkCmdline(guest, { dialect }).length === 0)
  const outcomeOf = (guest: Parameters<typeof expectedAnswer>[0]) =>
    models[dialect](
      compose(guest, dialect),
      guest.domain.boot === 'static' ? undefined : expectedAnswer(guest),
    )

  test('reaches its own root', () => {
    fc.assert(
      fc.property(accepted, (guest) => {
        expect(outcomeOf(guest)).toMatchObject({
          faults: [],
          needsAnswer: false,
          autoconf: guest.domain.boot,
          server: guest.server.address,
          path: guest.image.path,
          version: guest.domain.nfsVersion,
          readOnly: !isWritable(guest.image),
        })
      }),
      few,
    )
  })

  test('has its own address, mask, gateway and name', () => {
    fc.assert(
      fc.property(accepted, (guest) => {
        const cidr = parseCidr(guest.network.cidr)
        expect(outcomeOf(guest)).toMatchObject({
          client: guest.domain.address,
          netmask: cidr && netmaskOf(cidr),
          gateway: guest.network.gateway,
          hostname: guest.domain.name,
          device: 'eth0',
        })
      }),
      few,
    )
  })

  test('has the options of its domain last', () => {
    fc.assert(
      fc.property(accepted, (guest) => {
        const own = guest.domain.nfsOptions?.split(',') ?? []
        const { options } = outcomeOf(guest)
        const added = options.filter((option) => option === 'nolock' || option.startsWith('addr='))
        expect(
          options
            .filter((option) => !added.includes(option))
            .slice(options.length - added.length - own.length),
        ).toEqual(own)
      }),
      few,
    )
  })

  test('never reads 4096 bytes at a time', () => {
    fc.assert(
      fc.property(accepted, (guest) => {
        expect(outcomeOf(guest).options.findLast((option) => option.startsWith('rsize='))).not.toBe(
          'rsize=4096',
        )
      }),
      few,
    )
  })
})

test('text of any kind is read without a crash', () => {
  fc.assert(
    fc.property(fc.constantFrom(...dialects), anyText, (dialect, cmdline) => {
      expect(models[dialect](cmdline).faults.length).toBeGreaterThan(0)
    }),
  )
})

test('any ip= and nfsroot= are read without a crash', () => {
  const part = fc.constantFrom(
    '',
    '10.0.0.1',
    '10.0.0.2',
    '0.0.0.0',
    'eth0',
    'dhcp',
    'off',
    'menas',
    '/srv/x',
    'vers=3',
  )
  const value = fc
    .tuple(fc.array(part, { maxLength: 11 }), fc.constantFrom(':', ',', ':/'))
    .map(([parts, by]) => parts.join(by))
  fc.assert(
    fc.property(fc.constantFrom(...dialects), value, value, (dialect, ip, nfsroot) => {
      const outcome = models[dialect](`root=/dev/nfs ip=${ip} nfsroot=${nfsroot}`, { address: '10.0.0.9' })
      expect(Array.isArray(outcome.faults)).toBe(true)
    }),
  )
})
