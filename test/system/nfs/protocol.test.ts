import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { exportLinux } from '../../../src/apply/export-linux.ts'
import type { Inventory } from '../../../src/model/inventory.ts'
import { siteOf } from '../../builders/exports.ts'
import { carryOut, contextOn, exportAll, planOn, stepOf, type Told } from './exporting.ts'
import { openSandbox, type Sandbox } from './sandbox.ts'

const DROP_IN = '/etc/exports.d/domus.exports'
const site = (...domains: Parameters<typeof siteOf>[0]) => siteOf(domains, { folder: '/srv/xen' })
const menas = ['menas', 'slack', '38.99.2.222'] as const
const web = ['web', 'deb12', '38.99.2.223'] as const
const one = site(menas)
const two = site(menas, web)
const none: Inventory = { ...one, domains: new Map() }

let box: Sandbox

beforeEach(async () => {
  box = await openSandbox()
  await box.sh('mkdir -p /srv/xen/slack /srv/xen/deb12 /srv/theirs')
})
afterEach(() => box.close())

const table = () => box.sh('exportfs -s')
const dropIn = async () => (await box.machine.readFile(DROP_IN))?.content

test('a guest comes, a second one, and both go, without a trace', async () => {
  const before = await box.sh(
    'find /etc -newermt @0 | sort | xargs -d "\\n" ls -ld --time-style=+; cat /etc/exports',
  )
  await exportAll(box.machine, one)
  expect(await table()).toBe(
    '/srv/xen/slack  38.99.2.222(sync,wdelay,hide,no_subtree_check,sec=sys,rw,no_root_squash,no_all_squash)\n',
  )
  await exportAll(box.machine, two)
  expect((await table()).trim().split('\n')).toHaveLength(2)
  expect((await planOn(box.machine, two)).steps).toEqual([])
  await exportAll(box.machine, none)
  expect(await table()).toBe('')
  await box.sh('rmdir /etc/exports.d')
  const after = await box.sh(
    'find /etc -newermt @0 | sort | xargs -d "\\n" ls -ld --time-style=+; cat /etc/exports',
  )
  expect(after).toBe(before)
})

test('the file that is written is ours, mode 0644, and nothing else lies beside it', async () => {
  await exportAll(box.machine, one)
  expect(
    await box.sh('stat -c "%a %u %g %n" /etc/exports.d/* /etc/exports.d/.[!.]* 2>/dev/null || true'),
  ).toBe(`644 0 0 ${DROP_IN}\n`)
})

describe('the live table', () => {
  test('is changed entry by entry: what others have in their files by halves stays out', async () => {
    await box.sh('echo "/srv/theirs 10.0.0.1(ro,sync,no_subtree_check)" >/etc/exports; exportfs -ra')
    await box.sh('echo "/srv/theirs 10.0.0.2(rw,sync,no_subtree_check)" >/etc/exports')
    await exportAll(box.machine, two)
    await exportAll(box.machine, one)
    const live = await table()
    expect(live).toContain('10.0.0.1(')
    expect(live).not.toContain('10.0.0.2(')
  })

  test('an entry of ours with foreign options is replaced, not added to', async () => {
    await exportAll(box.machine, one)
    await box.sh(
      'exportfs -u 38.99.2.222:/srv/xen/slack; exportfs -i -o ro,async,insecure,all_squash,fsid=7,crossmnt,no_subtree_check 38.99.2.222:/srv/xen/slack',
    )
    await exportAll(box.machine, one)
    expect(await box.sh('cat /var/lib/nfs/etab')).toBe(
      '/srv/xen/slack\t38.99.2.222(rw,sync,wdelay,hide,nocrossmnt,secure,no_root_squash,no_all_squash,no_subtree_check,secure_locks,acl,no_pnfs,anonuid=65534,anongid=65534,sec=sys,rw,no_root_squash,no_all_squash)\n',
    )
  })

  test('an entry that is live as insecure only is found and put right', async () => {
    await exportAll(box.machine, one)
    await box.sh('exportfs -i -o rw,sync,insecure,no_root_squash,no_subtree_check 38.99.2.222:/srv/xen/slack')
    await exportAll(box.machine, one)
    expect(await box.sh('cat /var/lib/nfs/etab')).not.toContain('insecure')
  })

  test('is as before, to the letter, after an undo', async () => {
    await box.sh(
      'exportfs -i -o rw,async,insecure,all_squash,anonuid=5,fsid=7,sec=krb5:sys 38.99.2.222:/srv/xen/slack; exportfs -i -o ro 10.0.0.9:/srv/theirs',
    )
    const before = (await box.sh('cat /var/lib/nfs/etab')).split('\n').sort()
    const step = stepOf(await planOn(box.machine, one))
    const { saved } = await carryOut(box.machine, step)
    expect((await box.sh('cat /var/lib/nfs/etab')).split('\n').sort()).not.toEqual(before)
    await exportLinux.undo(step, saved, contextOn(box.machine), 'done')
    expect((await box.sh('cat /var/lib/nfs/etab')).split('\n').sort()).toEqual(before)
    expect(await dropIn()).toBeUndefined()
  })
})

describe('undo', () => {
  test.each([
    ['of the first export', none, one],
    ['of one more', one, two],
    ['of one less', two, one],
    ['of the last one less', one, none],
  ])('%s brings file and table back, and twice does no harm', async (_what, from, to) => {
    await exportAll(box.machine, from)
    const before = [await dropIn(), await box.sh('sort /var/lib/nfs/etab')]
    const step = stepOf(await planOn(box.machine, to))
    const { saved } = await carryOut(box.machine, step)
    expect([await dropIn(), await box.sh('sort /var/lib/nfs/etab')]).not.toEqual(before)
    await exportLinux.undo(step, saved, contextOn(box.machine), 'done')
    await exportLinux.undo(step, saved, contextOn(box.machine), 'uncertain')
    expect([await dropIn(), await box.sh('sort /var/lib/nfs/etab')]).toEqual(before)
  })

  test('does not write over what somebody has made of the file since', async () => {
    const step = stepOf(await planOn(box.machine, one))
    const { saved } = await carryOut(box.machine, step)
    await box.sh(`echo "/srv/theirs 10.0.0.1(ro)" >>${DROP_IN}`)
    await expect(exportLinux.undo(step, saved, contextOn(box.machine), 'done')).rejects.toThrow(
      'somebody has changed it since',
    )
    expect(await dropIn()).toContain('/srv/theirs')
  })
})

test('a plan that somebody overtook is stale', async () => {
  const step = stepOf(await planOn(box.machine, one))
  await exportAll(box.machine, two)
  await expect(exportLinux.prepare(step, contextOn(box.machine))).rejects.toMatchObject({
    code: 'stale-plan',
  })
})

test('a step that is done already is done again without a change', async () => {
  const step = stepOf(await planOn(box.machine, one))
  await carryOut(box.machine, step)
  const again = { ...step, fileBefore: { kind: 'file', content: step.content, mode: 0o644 } as const }
  expect((await carryOut(box.machine, again)).result).toBe('unchanged')
})

test('two at once: both are there afterwards, or one is told to plan again', async () => {
  const steps = [stepOf(await planOn(box.machine, one)), stepOf(await planOn(box.machine, site(web)))]
  const saved = await Promise.all(steps.map((step) => exportLinux.prepare(step, contextOn(box.machine))))
  const results = await Promise.allSettled(
    steps.map((step, at) =>
      exportLinux.apply(step, saved[at] ?? { file: undefined, live: [] }, contextOn(box.machine)),
    ),
  )
  expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  expect(results.find(({ status }) => status === 'rejected')).toMatchObject({
    reason: { code: 'stale-plan' },
  })
  expect((await table()).trim().split('\n')).toHaveLength(1)
})

describe('a wrong export', () => {
  test('that the real parser would take as the whole world is refused before anything is written', async () => {
    const step = stepOf(await planOn(box.machine, one))
    const bad = { ...step, content: step.content.replace('222(rw', '222 (rw') }
    await expect(carryOut(box.machine, bad)).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('parser does not take /etc/exports.d/domus.exports'),
    })
    expect([await dropIn(), await table()]).toEqual([undefined, ''])
  })

  test('that it reads without a word, but otherwise than meant, is refused too', async () => {
    const step = stepOf(await planOn(box.machine, one))
    const bad = { ...step, content: step.content.replace('222(rw', '222(ro') }
    await expect(carryOut(box.machine, bad)).rejects.toThrow(
      /otherwise than meant.*as no_root_squash,no_subtree_check,ro/,
    )
  })

  test('that vanishes from the table is rolled back', async () => {
    await exportAll(box.machine, one)
    const before = [await dropIn(), await table()]
    const step = stepOf(await planOn(box.machine, two))
    // Stands in for a foreign program that takes an export out behind our back.
    const shy = {
      ...box.machine,
      run: async (argv: readonly string[], options?: object) => {
        const result = await box.machine.run(argv, options)
        if (argv[1] === '-i') await box.sh('exportfs -u 38.99.2.223:/srv/xen/deb12')
        return result
      },
    }
    await expect(carryOut(shy, step)).rejects.toThrow('/srv/xen/deb12 is not exported to 38.99.2.223')
    expect([await dropIn(), await table()]).toEqual(before)
  })
})

describe('somebody else’s export', () => {
  test('that vanishes while we work is noticed', async () => {
    await box.sh('exportfs -i -o ro 10.0.0.1:/srv/theirs')
    const careless = {
      ...box.machine,
      run: async (argv: readonly string[], options?: object) => {
        const result = await box.machine.run(argv, options)
        if (argv[1] === '-i') await box.sh('exportfs -u 10.0.0.1:/srv/theirs')
        return result
      },
    }
    await expect(carryOut(careless, stepOf(await planOn(box.machine, one)))).rejects.toThrow(
      '/srv/theirs is not exported to 10.0.0.1 any more, which is not ours',
    )
    expect(await dropIn()).toBeUndefined()
  })

  test.each([
    ['of the parent, with a wildcard', '/srv *(ro,no_subtree_check)'],
    ['of a child', '/srv/xen/slack/home 10.0.0.0/24(rw,no_subtree_check)'],
    ['of the same root to another writer', '/srv/xen/slack @trusted(rw,no_subtree_check)'],
    ['of the same root to the same guest', '/srv/xen/slack 38.99.2.222(rw,no_subtree_check)'],
    ['behind a symbolic link', '/srv/link *(rw,no_subtree_check)'],
    ['that is only in the file, not live yet', '/srv/xen *(rw,no_subtree_check)'],
  ])('%s is refused', async (_what, line) => {
    await box.sh(
      'mkdir -p /srv/xen/slack/home; ln -s xen/slack /srv/link; printf "%s\\n" "$1" >/etc/exports',
      line,
    )
    expect((await planOn(box.machine, one)).problems).toHaveLength(1)
  })

  test('with a mistake is reported as theirs, and stops nothing', async () => {
    await box.sh(
      'printf "/srv/theirs 10.0.0.1(ro,no_subtree_check)\\n/srv/theirs 10.0.0.2(rw,nonsense)\\n" >/etc/exports',
    )
    const { warnings } = await planOn(box.machine, one)
    expect(warnings.map(({ message }) => message).join()).toMatch(
      /exports that are not ours.*\/etc\/exports:2: .*nonsense/,
    )
    const told: Told = { warnings: [] }
    await exportAll(box.machine, one, told)
    expect(told.warnings).toEqual([])
    expect(await table()).toContain('/srv/xen/slack')
  })
})

test('a drop-in changed by hand: stop, then adopt keeps what is not ours live and in a file', async () => {
  await exportAll(box.machine, one)
  await box.sh(`echo "/srv/theirs 10.0.0.1(ro,sync,no_subtree_check)" >>${DROP_IN}; exportfs -ra`)
  expect((await planOn(box.machine, two)).problems[0]?.message).toContain('-/srv/theirs 10.0.0.1(ro')
  const adopt = await planOn(box.machine, two, { drift: 'adopt' })
  const [write] = adopt.steps
  if (write?.kind !== 'write') throw new Error('no write step')
  await box.machine.writeFile(write.path, write)
  await carryOut(box.machine, stepOf(adopt))
  const live = await table()
  expect(live.trim().split('\n')).toHaveLength(3)
  await box.sh('exportfs -ra')
  expect((await table()).split('\n').sort()).toEqual(live.split('\n').sort())
})

test('overwrite takes the foreign line out of the file and, being in our form, out of the table', async () => {
  await exportAll(box.machine, one)
  await box.sh(`echo "/srv/theirs 10.0.0.1(ro,sync,no_subtree_check)" >>${DROP_IN}; exportfs -ra`)
  await carryOut(box.machine, stepOf(await planOn(box.machine, one, { drift: 'overwrite' })))
  expect(await table()).not.toContain('theirs')
})

test('a root on a tmpfs gets an fsid, without which the kernel would not export it', async () => {
  await box.sh('mount -t tmpfs dm /srv/xen/slack')
  await exportAll(box.machine, one)
  expect(await table()).toMatch(/fsid=[0-9a-f]{32},/)
})

test('a TrueNAS is recognised and its folder never written, not even by a plan from before', async () => {
  const step = stepOf(await planOn(box.machine, one))
  await box.sh('echo TrueNAS-SCALE-24.10.0 >/etc/version')
  expect((await planOn(box.machine, one)).problems[0]?.message).toContain('use kind: print')
  await expect(carryOut(box.machine, step)).rejects.toMatchObject({ code: 'refused' })
  expect(await box.sh('ls -d /etc/exports.d 2>/dev/null || echo none')).toBe('none\n')
})

test('two hundred paths are looked at by one command, and exported by one', async () => {
  const many = site(
    ...Array.from({ length: 200 }, (_, at) => [`g${at}`, `image${at}`, `38.99.2.${at + 10}`] as const).filter(
      ([, , address]) => !['38.99.2.7', '38.99.2.1'].includes(address),
    ),
  )
  await box.sh('cd /srv/xen; for i in $(seq 0 199); do mkdir "image$i"; done')
  const log: string[] = []
  const counting = {
    ...box.machine,
    run: (argv: readonly string[], options?: object) => {
      log.push(argv[0] ?? '')
      return box.machine.run(argv, options)
    },
  }
  const plan = await planOn(counting, many)
  expect([plan.problems, log]).toEqual([[], ['sh']])
  log.length = 0
  await carryOut(counting, stepOf(plan))
  expect(log.filter((program) => program === 'exportfs')).toHaveLength(1)
})
