import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { expect, test } from 'vitest'

/**
 * THE LAW: room → the rooms it may import, then the packages. A room may always import itself, errors.ts and model/.
 * Pure rooms have no Node module that does I/O, and no clock or chance.
 */
const ROOMS: Record<string, { rooms?: string[]; packages?: string[]; pure?: boolean }> = {
  model: { packages: ['zod'], pure: true },
  // plan.ts and facts.ts hold the types that kinds return; they are the model's neighbours.
  'plan/plan.ts': { pure: true },
  'plan/diff.ts': { packages: ['diff'], pure: true },
  xl: { pure: true },
  render: { rooms: ['xl'], packages: ['handlebars'], pure: true },
  kernel: { pure: true, packages: ['zod', 'xz-compat'] },
  boot: { rooms: ['kernel', 'plan/plan.ts', 'toolstack', 'nfs', 'dhcp', 'xl'], pure: true },
  nfs: { rooms: ['plan/plan.ts', 'plan/diff.ts', 'render'], packages: ['diff'], pure: true },
  toolstack: { rooms: ['plan/plan.ts', 'render', 'boot'], pure: true },
  dhcp: { rooms: ['render'], packages: ['dhcp'], pure: true },
  migration: { rooms: ['plan/plan.ts', 'boot', 'kernel', 'nfs', 'toolstack', 'xl'], pure: true },
  plan: {
    rooms: ['plan/diff.ts', 'nfs', 'toolstack', 'boot', 'dhcp', 'kernel', 'render', 'migration'],
    pure: true,
  },
  machine: { packages: ['execa'] },
  store: { rooms: ['plan', 'machine'], packages: ['kysely'] },
  apply: { rooms: ['plan', 'machine', 'store', 'nfs', 'toolstack', 'migration'] },
  'dhcp/socket': { rooms: ['dhcp'], packages: ['dhcp'] },
  service: {
    rooms: [
      'plan',
      'apply',
      'machine',
      'store',
      'nfs',
      'toolstack',
      'boot',
      'dhcp',
      'dhcp/socket',
      'kernel',
      'migration',
      'render',
      'xl',
    ],
    packages: ['yaml', 'pino'],
  },
}

const IMPURE =
  /^node:(?:fs|child_process|dgram|net|http|https|os|process|worker_threads|sqlite|timers|readline)/
const UNSTEADY = /\b(?:Date\.now\(|new Date\(\)|Math\.random\(|process\.env|randomUUID\(|randomBytes\()/

/** The files of the sockets are the part of dhcp/ that touches the world. */
const SOCKET = /^dhcp\/socket\//

function roomOf(file: string): string {
  if (file in ROOMS || file === 'plan/diff.ts' || file === 'plan/facts.ts')
    return file === 'plan/facts.ts' ? 'plan' : file
  if (SOCKET.test(file)) return 'dhcp/socket'
  return file.split('/')[0] ?? ''
}

const files = globSync('src/**/*.ts').map((file) => relative('src', file))
const sourceOf = (file: string) => readFileSync(join('src', file), 'utf8')
const importsOf = (file: string) =>
  [...sourceOf(file).matchAll(/^(?:import|export)\b[^'"]*?from '([^']+)'/gm)].map(([, name = '']) => name)

test.each(Object.entries(ROOMS))('%s imports only what it may', (room, { rooms = [], packages = [] }) => {
  const allowed = new Set([room, ...rooms, 'model', 'errors.ts', 'plan/plan.ts'])
  const wrong = files
    .filter((file) => roomOf(file) === room)
    .flatMap((file) =>
      importsOf(file)
        .filter((name) => {
          if (name.startsWith('node:')) return false
          if (!name.startsWith('.'))
            return !packages.some((one) => name === one || name.startsWith(`${one}/`))
          return !allowed.has(roomOf(join(dirname(file), name)))
        })
        .map((name) => `${file} → ${name}`),
    )
  expect(wrong).toEqual([])
})

const pure = Object.entries(ROOMS).flatMap(([room, rule]) => (rule.pure ? [room] : []))

test.each(pure)('%s is pure: no I/O, no clock, no chance, no environment', (room) => {
  const wrong = files
    .filter((file) => roomOf(file) === room)
    .flatMap((file) => [
      ...importsOf(file)
        .filter((name) => IMPURE.test(name))
        .map((name) => `${file} → ${name}`),
      ...(UNSTEADY.test(sourceOf(file)) ? [`${file}: ${UNSTEADY.exec(sourceOf(file))?.[0]}`] : []),
    ])
  expect(wrong).toEqual([])
})

test('only app, main and serve know the edges', () => {
  const wrong = files
    .filter((file) => !/^(?:app|main|serve(?:-[a-z]+)?)\.ts$|^(?:cli|http)\//.test(file))
    .flatMap((file) =>
      importsOf(file)
        .filter((name) => /\/(?:cli|http)\//.test(name))
        .map((name) => `${file} → ${name}`),
    )
  expect(wrong).toEqual([])
})

test('the edges reach the rooms through service/: no edge touches machines, the store or a plan by itself', () => {
  const wrong = files
    .filter((file) => /^(?:cli|http)\//.test(file))
    .flatMap((file) =>
      importsOf(file)
        .filter((name) => /^(?:machine|store|apply)\//.test(join(dirname(file), name)))
        .map((name) => `${file} → ${name}`),
    )
  expect(wrong).toEqual([])
})

test('the tests run on a Node that strips types and has a settled node:sqlite', () => {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  expect(major * 100 + minor).toBeGreaterThanOrEqual(2412)
})
