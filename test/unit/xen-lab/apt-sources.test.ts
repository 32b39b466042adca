import { expect, test } from 'vitest'
import { debianSources } from '../../xen/artefacts/apt-sources.ts'

const fromList = (text: string) => debianSources([{ path: '/etc/apt/sources.list', text }], 'bookworm')
const fromStanzas = (text: string) =>
  debianSources([{ path: '/etc/apt/sources.list.d/a.sources', text }], 'bookworm')

test('one-line entries of the release are kept, with their options', () => {
  expect(
    fromList(`
deb http://debian.example/debian bookworm main contrib # the mirror
deb [arch=amd64 signed-by=/k.gpg] http://debian.example/security bookworm-security main
`),
  ).toEqual([
    'deb http://debian.example/debian bookworm main contrib',
    'deb [arch=amd64 signed-by=/k.gpg] http://debian.example/security bookworm-security main',
  ])
})

test('sources, backports, other releases and what is commented out are not', () => {
  expect(
    fromList(`
deb-src http://debian.example/debian bookworm main
deb http://debian.example/debian bookworm-backports main
deb http://debian.example/debian trixie main
deb http://vendor.example/apt tool-bookworm main
#deb http://debian.example/debian bookworm main
`),
  ).toEqual([])
})

test('a stanza gives an entry for each suite of the release', () => {
  expect(
    fromStanzas(`# mirror
Types: deb deb-src
URIs: http://debian.example/debian
Suites: bookworm bookworm-updates bookworm-backports
Components: main
 contrib
Signed-By: /usr/share/keyrings/debian.gpg

Types: deb
URIs: http://vendor.example/apt
Suites: nodistro
Components: main
`),
  ).toEqual([
    'deb [signed-by=/usr/share/keyrings/debian.gpg] http://debian.example/debian bookworm main contrib',
    'deb [signed-by=/usr/share/keyrings/debian.gpg] http://debian.example/debian bookworm-updates main contrib',
  ])
})

test('a disabled stanza gives nothing', () => {
  expect(
    fromStanzas(
      'Enabled: no\nTypes: deb\nURIs: http://debian.example/d\nSuites: bookworm\nComponents: main\n',
    ),
  ).toEqual([])
})
