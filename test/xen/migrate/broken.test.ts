import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { apply, CONFIG_FILE, domus, PATIENCE_MS } from '../menas.ts'
import { repository } from '../settings.ts'
import { type Lab, labEnvironment, startLab } from '../start-lab.ts'
import { guestsOn } from './guest.ts'
import { holdMigration, type Moment, release, untilHeld } from './held-ssh.ts'
import { site } from './site.ts'
import { writtenTick } from './ticks.ts'

// A migration that breaks, at the moments that matter, and what `domus repair` makes of it: one running copy, and
// claim, record and config where it is.

describe.runIf(process.env.DOMUS_XEN_ALL === '1')('a migration that breaks', () => {
  let lab: Lab

  beforeAll(async () => {
    lab = await startLab({ hosts: 2 })
    await apply(lab, site())
    await domus(lab, ['start', 'menas', '--wait'])
  }, 3 * PATIENCE_MS)
  afterAll(() => lab.stop())

  /** The one host where the guest runs, when all agree on it. */
  async function home(): Promise<string> {
    const [here, there] = await Promise.all([guestsOn(lab, 1), guestsOn(lab, 2)])
    expect([...here, ...there]).toEqual(['menas'])
    const [on, off] = here.length === 1 ? ([1, 2] as const) : ([2, 1] as const)
    expect(await lab.must(on, ['cat', CONFIG_FILE])).toContain('name = "menas"')
    expect(await lab.ssh(off, ['test', '-e', CONFIG_FILE])).toMatchObject({ exitCode: 1 })
    const got = await domus(lab, ['get', 'domains', 'menas', '--json'])
    expect(JSON.parse(got.stdout)).toMatchObject({ host: `xen${on}` })
    const before = await writtenTick(lab, 'slack')
    const counts = `until [ "$(cut -d' ' -f1 /srv/xen/images/slack/var/tick)" -gt ${before.tick} ]; do sleep 0.5; done`
    await lab.must(1, ['timeout', '120', 'sh', '-c', counts], { timeoutMs: PATIENCE_MS })
    return `xen${on}`
  }

  const moveBack = async () => {
    if ((await home()) === 'xen2') await domus(lab, ['migrate', 'menas', 'xen1'])
  }

  const cuts: [Moment, string][] = [
    ['copying', 'xen1'],
    ['allowed', 'xen2'],
    ['started', 'xen2'],
  ]
  test.each(cuts)(
    'by the end of its ssh (%s): after repair it runs on %s alone',
    async (moment, host) => {
      await holdMigration(lab, moment)
      const moving = lab.domus(['migrate', 'menas', 'xen2'], { timeoutMs: PATIENCE_MS })
      const early = moving.then(({ stdout, stderr }) => {
        throw new Error(`it ended before it was held: ${stderr}${stdout}`)
      })
      await Promise.race([untilHeld(lab, PATIENCE_MS), early])
      await release(lab, 'cut')
      expect((await moving).exitCode).not.toBe(0)
      await domus(lab, ['repair', 'menas'])
      expect(await home()).toBe(host)
      await moveBack()
    },
    5 * PATIENCE_MS,
  )

  test(
    'by kill -9 of domus: the migration goes on, and the next domus takes it up',
    async () => {
      await holdMigration(lab, 'copying')
      const child = spawnDomus(['migrate', 'menas', 'xen2'])
      const ended = once(child, 'exit')
      await untilHeld(lab, PATIENCE_MS)
      child.kill('SIGKILL')
      await ended
      await release(lab, 'pass')
      await domus(lab, ['repair', 'menas'])
      expect(await home()).toBe('xen2')
    },
    5 * PATIENCE_MS,
  )

  function spawnDomus(argv: readonly string[]): ChildProcess {
    const [file, args] = lab.command([process.execPath, join(repository, 'src/domus.js'), ...argv])
    return spawn(file, [...args], {
      env: { ...process.env, ...labEnvironment(lab.settings) },
      stdio: 'ignore',
    })
  }
})
