import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { ADDRESS, apply, CONFIG_FILE, domus, PATIENCE_MS } from '../menas.ts'
import { type Lab, startLab } from '../start-lab.ts'
import { arrivalLog, guestsOn, type Identity, identityOf } from './guest.ts'
import { refusalsOf } from './refusals.ts'
import { watchSilence } from './silence.ts'
import { menas, reader, site } from './site.ts'
import { consolesOf, gapsIn, nfsTroubleIn, ticksIn, writtenTick } from './ticks.ts'

// Live migration between two real Xen hosts: first what is refused, with nothing moved, then the move.

const MAX_SILENCE_MS = 60_000 // seconds on a quiet machine

let lab: Lab

beforeAll(async () => {
  lab = await startLab({ hosts: 2 })
  await apply(lab, site({ domains: [menas(), reader({ kernel: 'pv' })] }))
  for (const name of ['menas', 'web1']) await domus(lab, ['start', name])
  const console = lab.console(1, 'menas')
  await console.waitFor(/^DOMUS-GUEST tick 2$/, PATIENCE_MS)
  await console.close()
}, 3 * PATIENCE_MS)
afterAll(() => lab.stop())

describe('what cannot go well is refused before a byte of memory moves', () => {
  test('a PV guest, on a hypervisor that cannot log its dirty pages', async () => {
    expect(await refusalsOf(lab, 'web1')).toEqual({ logdirty: expect.stringMatching(/shadow/) })
  })

  test.runIf(process.env.DOMUS_XEN_ALL === '1')(
    'and xl alone would have failed so',
    async () => {
      const moved = await lab.ssh(1, ['xl', 'migrate', 'web1', '10.77.0.2'], { timeoutMs: PATIENCE_MS })
      expect(moved.exitCode).not.toBe(0)
      expect(moved.stderr).toMatch(/Failed to enable logdirty/)
      expect(moved.stderr).toMatch(/Migration failed, (?:failed to suspend at sender|resuming at sender)/)
      expect(await guestsOn(lab, 1)).toContain('web1')
      expect(await guestsOn(lab, 2)).toEqual([])
    },
    PATIENCE_MS,
  )

  test('a missing bridge, a kernel with other bytes and a name that is taken, all told at once', async () => {
    onTestFinished(async () => {
      await lab.ssh(2, ['xl', 'destroy', 'menas'])
      await lab.must(2, ['sh', '-c', MEND])
    })
    await lab.must(2, ['tee', '/root/other.cfg'], { input: OTHER })
    await lab.must(2, ['xl', 'create', '-p', '/root/other.cfg'])
    await lab.must(2, ['sh', '-c', SPOIL])
    expect(await refusalsOf(lab, 'menas')).toEqual({
      bridge: expect.stringMatching(/xen2 has no bridge xenbr0/),
      kernel: expect.stringMatching(/vmlinuz-nfsroot on xen2 is another one/),
      names: expect.stringMatching(/menas .*on xen2.* has its name/),
    })
  })

  test('of all this, the target has seen no guest arrive', async () => {
    const seen = await lab.must(2, ['ls', '/var/log/xen/console'])
    expect(seen).not.toContain('--incoming')
    expect(await guestsOn(lab, 1)).toEqual(expect.arrayContaining(['menas', 'web1']))
  })
})

// In one call, since the host is reached over its bridge.
const SPOIL = [
  'ip link set xenbr0 down',
  'ip link set xenbr0 name elsewhere',
  'ip link set elsewhere up',
  'cp /boot/vmlinuz-nfsroot /root/kept',
  'echo >> /boot/vmlinuz-nfsroot',
].join(' && ')
const MEND = [
  'ip link set elsewhere down',
  'ip link set elsewhere name xenbr0',
  'ip link set xenbr0 up',
  'mv /root/kept /boot/vmlinuz-nfsroot',
].join(' && ')

/** Somebody's guest that happens to have the name; it stays paused. */
const OTHER = [
  'name = "menas"',
  'type = "pvh"',
  'kernel = "/boot/vmlinuz-plain"',
  'memory = 48',
  'vif = []',
  '',
].join('\n')

describe('a guest that counts in a file on its NFS root', () => {
  let before: Identity
  let console: string
  let told: { outcome: string; notes?: string[] }
  let silence: { longestMs: number }
  let tickBefore: number

  beforeAll(async () => {
    before = await identityOf(lab, 1, 'menas', ADDRESS)
    tickBefore = (await writtenTick(lab, 'slack')).tick
    const watch = await watchSilence(lab, ADDRESS)
    told = JSON.parse((await domus(lab, ['migrate', 'menas', 'xen2', '--json'])).stdout)
    const arrived = lab.console(2, 'menas--incoming')
    await arrived.waitFor(/^DOMUS-GUEST tick \d+$/, PATIENCE_MS)
    await arrived.waitFor(/^DOMUS-GUEST tick \d*[05]$/, PATIENCE_MS)
    await arrived.close()
    silence = await watch.stop()
    console = await consolesOf(lab, 'menas', [1, 2])
  }, 3 * PATIENCE_MS)

  test('runs on the target and nowhere else, with its config', async () => {
    expect(await guestsOn(lab, 1)).not.toContainEqual(expect.stringContaining('menas'))
    expect(await guestsOn(lab, 2)).toEqual(['menas'])
    expect(await lab.ssh(1, ['test', '-e', CONFIG_FILE])).toMatchObject({ exitCode: 1 })
    expect(await lab.must(2, ['cat', CONFIG_FILE])).toContain(`uuid = "${before.uuid}"`)
    const { host } = JSON.parse((await domus(lab, ['get', 'domains', 'menas', '--json'])).stdout)
    expect(host).toBe('xen2')
  })

  test('goes on counting without a gap', async () => {
    const ticks = ticksIn(console)
    expect(gapsIn(ticks)).toEqual([])
    expect(ticks[0]).toBe(1)
    expect((await writtenTick(lab, 'slack')).tick).toBeGreaterThan(tickBefore)
  })

  test('sees no NFS error and no second boot', () => {
    expect(nfsTroubleIn(console)).toEqual([])
    expect(console.match(/Linux version/g)).toHaveLength(1)
  })

  test('keeps its uuid, MAC and address', async () => {
    expect(await identityOf(lab, 2, 'menas', ADDRESS)).toEqual(before)
  })

  test('its pause is told, and is what the network saw of it', () => {
    expect(told.outcome).toBe('done')
    const pause = /stood still for ([\d.]+) s/.exec(told.notes?.join('\n') ?? '')?.[1]
    expect(Number(pause)).toBeGreaterThan(0)
    expect(silence.longestMs).toBeLessThan(MAX_SILENCE_MS)
  })

  test('has left nothing to be put right', async () => {
    await domus(lab, ['repair', 'menas'])
    expect(await guestsOn(lab, 2)).toEqual(['menas'])
    expect(await lab.must(2, ['ls', '/var/log/xen/console'])).toContain(arrivalLog('menas').split('/').at(-1))
  })
})
