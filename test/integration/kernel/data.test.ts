import { readdirSync, readFileSync } from 'node:fs'
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { checkData } from '../../../src/kernel/check-data.ts'
import { parseDependencyTables } from '../../../src/kernel/dependencies.ts'
import { parseFragmentTable } from '../../../src/kernel/fragments.ts'
import { parseInitramfsTable } from '../../../src/kernel/initramfs/table.ts'
import { parseRules } from '../../../src/kernel/rules.ts'
import { tableFor } from '../../../src/kernel/table-for.ts'
import { kernelDataDigest, kernelDataTexts, loadFragment, loadKernelData } from '../../../src/kernel-data.ts'
import { kernelSchemas } from '../../tools/kernel-schemas.ts'

const folder = join(import.meta.dirname, '../../../kernel-configs')
const { rules, dependencies } = await loadKernelData()

test('the schemas beside the data are those the program checks it with', () => {
  for (const [name, text] of Object.entries(kernelSchemas())) {
    expect(JSON.parse(readFileSync(join(folder, name), 'utf8'))).toEqual(JSON.parse(text))
  }
})

test('what is delivered is what was checked: its digest is right, and it passes the schemas', async () => {
  const texts = kernelDataTexts()
  const parsed = Object.fromEntries(
    Object.entries(texts).map(([file, text]) => [file, JSON.parse(text) as unknown]),
  )

  expect(readFileSync(join(folder, 'checked.crc32'), 'utf8')).toBe(`${kernelDataDigest(texts)}\n`)
  expect(checkData(parsed)).toEqual(await loadKernelData())
})

test('a changed rule is checked where it is used', async () => {
  const own = await mkdtemp(join(tmpdir(), 'domus-rules-'))
  onTestFinished(() => rm(own, { recursive: true }))
  await cp(folder, own, { recursive: true })
  const file = join(own, 'rules/nfs.json')
  const text = readFileSync(file, 'utf8')
  await writeFile(file, text.replace('"severity": "error"', '"severity": "fatal"'))
  await expect(loadKernelData(own)).rejects.toMatchObject({
    code: 'invalid-input',
    problems: [{ path: 'rules/nfs.json/rules/0/severity' }],
  })

  await writeFile(file, text.replace('NFS_FS depends on it', 'our own reason'))
  expect((await loadKernelData(own)).rules.map(({ why }) => why).join()).toMatch('our own reason')
})

test('a rule is a line of data: one more is judged without more code', () => {
  const own = {
    id: 'site-own',
    symbol: 'IKCONFIG',
    want: { 'in-kernel': 'y' },
    severity: 'warn',
    group: 'init',
    why: 'This site wants to see the configuration of its guests.',
    symptoms: [{ text: 'no /proc/config.gz' }],
    menu: [],
  }

  expect(parseRules({ 'own.json': { rules: [own] } })).toMatchObject([{ id: 'site-own', symbol: 'IKCONFIG' }])
})

test('all mistakes in rules are told together, with file and place', () => {
  const wrong = {
    rules: [
      {
        id: 'Not Good',
        symbol: 'CONFIG X',
        want: {},
        severity: 'bad',
        group: 'nfs',
        why: 'short',
        symptoms: [],
        menu: [],
      },
    ],
  }

  expect(() => parseRules({ 'own.json': wrong })).toThrow(expect.objectContaining({ code: 'invalid-input' }))
  const paths = problemsOf(() => parseRules({ 'own.json': wrong })).map(({ path }) => path)
  expect(paths).toEqual(
    expect.arrayContaining(['own.json/rules/0/id', 'own.json/rules/0/symbol', 'own.json/rules/0/want']),
  )
})

test('two rules of one name are a mistake', () => {
  const [rule] = JSON.parse(readFileSync(join(folder, 'rules/nfs.json'), 'utf8')).rules as unknown[]

  expect(problemsOf(() => parseRules({ a: { rules: [rule] }, b: { rules: [rule] } }))).toHaveLength(1)
})

test('tables of another form are refused', () => {
  expect(() => parseDependencyTables({ x: {} })).toThrow('the dependency table x is wrong')
  expect(() => parseFragmentTable('x', {})).toThrow('the fragment table x is wrong')
  expect(() => parseInitramfsTable('x', { generators: [{ detect: ['('] }] })).toThrow('is wrong')
})

test('the table of the nearest series explains a kernel', () => {
  const seriesFor = (major: number, minor: number) => tableFor(dependencies, [major, minor, 0])?.series

  expect([seriesFor(5, 10), seriesFor(6, 1), seriesFor(6, 6), seriesFor(6, 12), seriesFor(7, 0)]).toEqual([
    '6.1',
    '6.1',
    '6.1',
    '6.12',
    '6.12',
  ])
})

test('every rule says why, what is seen and where it is set', () => {
  for (const rule of rules) {
    expect(rule.why.endsWith('.')).toBe(true)
    expect(rule.menu.length === 0).toBe(rule.fragment === undefined && rule.id !== 'kernel-zstd')
  }
})

test('the whole fragment is made of the files a boot needs, in order', async () => {
  const pv = await loadFragment({ type: 'pv', boot: 'dhcp', nfs: '4.2', features: ['migration'] })
  const pvh = await loadFragment({ type: 'pvh', features: [] })
  const titles = (text: string) => [...text.matchAll(/^# --- (.*)$/gm)].map(([, title]) => title)

  expect(titles(pv)).toEqual([
    'base',
    'root over NFS',
    'address by DHCP',
    'NFS version 4',
    'Xen guest',
    'Xen PV',
    'live migration',
  ])
  expect(titles(pvh)).toEqual(['base', 'root over NFS', 'Xen guest', 'Xen PVH'])
})

test('every fragment file is in the table, once', () => {
  const table = JSON.parse(readFileSync(join(folder, 'fragments/fragments.json'), 'utf8')) as {
    fragments: { file: string }[]
  }
  const files = readdirSync(join(folder, 'fragments')).filter((name) => name.endsWith('.config'))

  expect(table.fragments.map(({ file }) => file)).toEqual(files.sort())
})

test('the fragments set every symbol that an error of theirs would ask for', async () => {
  const all = await loadFragment({ boot: 'dhcp', nfs: '4.2', features: ['migration', 'systemd'] })
  const asked = rules.filter(
    ({ fragment, want, severity, when, since }) =>
      fragment?.endsWith('=y') === true &&
      want['in-kernel'] === 'y' &&
      severity !== 'info' &&
      since !== '6.19' &&
      (when?.boot?.includes('dhcp') ?? true) &&
      when?.userland?.includes('ia32') !== true,
  )

  expect(asked.filter(({ fragment }) => !all.includes(`${fragment}\n`)).map(({ id }) => id)).toEqual([])
})

function problemsOf(act: () => unknown): readonly { path: string; message: string }[] {
  try {
    act()
  } catch (error) {
    return (error as { problems: { path: string; message: string }[] }).problems
  }
  return []
}
