import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compileOptions, openCompiler } from '../../../src/dhcp/compile.ts'
import { reservationOf } from '../../../src/dhcp/reservation.ts'
import { guest } from './builders.ts'

const address = fc.integer({ min: 1, max: 254 }).map((last) => `38.99.2.${last}`)
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })

const networks = fc.array(
  fc.record({
    name: fc.constantFrom('lan', 'dmz'),
    dns: fc.array(address, { maxLength: 4 }),
    ntp: fc.array(address, { maxLength: 4 }),
    domain: maybe(fc.constant('xen.example')),
    mtu: maybe(fc.integer({ min: 576, max: 9000 })),
    dhcpServer: maybe(address),
    leaseSeconds: fc.integer({ min: 3600, max: 4294967294 }),
    options: fc.constantFrom({}, { 'nis-domain': 'nis' }, { 121: ['10.0.0.0/8 via 38.99.2.9'] }),
  }),
  { minLength: 1, maxLength: 4 },
)

const domain = fc.record({
  network: fc.nat(),
  name: fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,62}$/),
  path: fc.stringMatching(/^(\/[a-z0-9._-]{1,40}){1,5}$/),
  options: fc.constantFrom({}, {}, { 43: '01:02:ff' }, { 'nis-domain': 'other' }),
})

test('the bytes of many guests are those that the package writes for each alone', () => {
  fc.assert(
    fc.property(networks, fc.array(domain, { maxLength: 30 }), (all, domains) => {
      const compile = openCompiler()
      for (const { network, name, path, options } of domains) {
        const reservation = reservationOf(
          guest({ network: withoutUndefined(all[network % all.length]), domain: { name, options }, path }),
        )
        expect(compile(reservation)).toEqual(compileOptions(reservation))
      }
    }),
  )
})

const withoutUndefined = (value: object = {}) =>
  Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined))
