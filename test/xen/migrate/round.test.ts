import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { ADDRESS, apply, domus, PATIENCE_MS } from '../menas.ts'
import { say } from '../progress.ts'
import type { HostNumber } from '../settings.ts'
import { guestConsoleLog, type Lab, startLab } from '../start-lab.ts'
import { guestsOn, type Identity, identityOf } from './guest.ts'
import { refusalsOf } from './refusals.ts'
import { watchSilence } from './silence.ts'
import { menas, reader, site } from './site.ts'
import { gapsIn, nfsTroubleIn, ticksIn } from './ticks.ts'

// Guests that travel (--all): there with a kernel that the target lacks, through a reboot there, and back; a shared
// one; and one that somebody has moved with bare xl, against which ours is measured.

const WEB1 = '10.77.0.51'
const KERNEL = '/boot/vmlinuz-nfsroot'

describe.runIf(process.env.DOMUS_XEN_ALL === '1')('guests that travel', () => {
  let lab: Lab

  /** What a guest says on a host from now on, until it has counted a few times. */
  async function saysOn(host: HostNumber, log: string): Promise<string> {
    const console = lab.console(host, log)
    await console.waitFor(/^DOMUS-GUEST tick \d+$/, PATIENCE_MS)
    await console.waitFor(/^DOMUS-GUEST tick \d*[05]$/, PATIENCE_MS)
    await console.close()
    return console.text().replaceAll('\r', '')
  }

  const logOf = async (host: HostNumber, path: string) =>
    (await lab.must(host, ['cat', path])).replaceAll('\r', '')

  /**
   * Moves a guest that loses nothing on the way: it counts on, sees no NFS error, does not boot anew, and is who it was.
   * What it did before this boot is not the migration's matter: PVH guests die at times without hardware virtualization.
   */
  async function travels(name: string, address: string, from: HostNumber, to: HostNumber) {
    const before: Identity = await identityOf(lab, from, name, address)
    const boot = (await logOf(from, guestConsoleLog(name))).lastIndexOf('Linux version')
    await domus(lab, ['migrate', name, `xen${to}`])
    const arrived = await saysOn(to, `${name}--incoming`)
    const all = (await logOf(from, guestConsoleLog(name))).slice(boot) + arrived
    expect(gapsIn(ticksIn(all)), all).toEqual([])
    expect(all.match(/Linux version/g), all).toHaveLength(1)
    expect(nfsTroubleIn(all)).toEqual([])
    expect(await identityOf(lab, to, name, address)).toEqual(before)
    expect(await whereIs(name)).toEqual([`${name} on xen${to}`])
  }

  const whereIs = async (name: string) => {
    const [here, there] = await Promise.all([guestsOn(lab, 1), guestsOn(lab, 2)])
    return [
      ...here.filter((one) => one.startsWith(name)).map((one) => `${one} on xen1`),
      ...there.filter((one) => one.startsWith(name)).map((one) => `${one} on xen2`),
    ]
  }

  beforeAll(async () => {
    lab = await startLab({ hosts: 2 })
    await apply(lab, site({ domains: [menas(), reader()] }))
    await domus(lab, ['start', 'menas', '--wait'])
    await domus(lab, ['start', 'web1', '--wait'])
  }, 4 * PATIENCE_MS)
  afterAll(() => lab.stop())

  test(
    'too little memory on the target and a key that ssh lacks are refused',
    async () => {
      onTestFinished(async () => {
        await lab.ssh(2, ['xl', 'destroy', 'filler'])
        await lab.must(1, ['mv', '/root/.ssh/kept', '/root/.ssh/id_ed25519'])
      })
      await lab.must(2, ['tee', '/root/filler.cfg'], { input: FILLER })
      const fills = `free=$(xl info free_memory); xl create -p /root/filler.cfg memory=$((free - 50))`
      await lab.must(2, ['sh', '-ec', fills])
      await lab.must(1, ['mv', '/root/.ssh/id_ed25519', '/root/.ssh/kept'])
      expect(await refusalsOf(lab, 'menas')).toEqual({
        ssh: expect.stringMatching(/ssh from xen1 to xen2 is refused: .*Permission denied/),
        clock: expect.stringMatching(/^unknown: xen2 could not be asked from xen1/),
        memory: expect.stringMatching(/the guest needs \d+ MiB, and xen2 has \d+ free/),
      })
      expect(await whereIs('menas')).toEqual(['menas on xen1'])
    },
    2 * PATIENCE_MS,
  )

  test(
    'one goes where its kernel is not, with its kernel, and reboots there from it',
    async () => {
      const hash = await lab.must(2, ['sh', '-ec', `sha256sum < ${KERNEL}; rm ${KERNEL}`])
      await travels('menas', ADDRESS, 1, 2)
      expect(await lab.must(2, ['sh', '-ec', `sha256sum < ${KERNEL}`])).toBe(hash)

      await lab.must(
        2,
        ['sh', '-ec', 'cat > "$(xenstore-read /local/domain/$(xl domid menas)/console/tty)"'],
        {
          input: 'reboot -f\n',
        },
      )
      const again = await saysOn(2, 'menas')
      expect(again).toContain('Linux version')
      expect(ticksIn(again)[0]).toBe(1)
      expect(await whereIs('menas')).toEqual(['menas on xen2'])
    },
    4 * PATIENCE_MS,
  )

  test('and comes back as it went', () => travels('menas', ADDRESS, 2, 1), 3 * PATIENCE_MS)

  test(
    'one on an image that many read moves as well, its export untouched',
    async () => {
      const exportsBefore = await lab.must(1, ['exportfs', '-s'])
      await travels('web1', WEB1, 1, 2)
      expect(await lab.must(1, ['exportfs', '-s'])).toBe(exportsBefore)
    },
    3 * PATIENCE_MS,
  )

  test(
    'one that somebody moved with bare xl is found by repair; the times of such a move and of ours are told',
    async () => {
      const bare = await measured(() =>
        lab.must(1, ['xl', 'migrate', '-C', '/etc/xen/menas.cfg', 'menas', 'root@10.77.0.2'], {
          timeoutMs: PATIENCE_MS,
        }),
      )
      await domus(lab, ['repair', 'menas'])
      expect(JSON.parse((await domus(lab, ['get', 'domains', 'menas', '--json'])).stdout)).toMatchObject({
        host: 'xen2',
      })
      await domus(lab, ['migrate', 'menas', 'xen1'])
      const ours = await measured(() => domus(lab, ['migrate', 'menas', 'xen2', '--json']))
      const [, xlSeconds] = /([\d.]+) s in all/.exec(ours.result.stdout) ?? []
      say(`bare xl migrate: ${bare.ms} ms, silent for ${bare.silentMs} ms`)
      say(`domus migrate: ${ours.ms} ms, xl's part ${xlSeconds} s, silent for ${ours.silentMs} ms`)
      expect(await whereIs('menas')).toEqual(['menas on xen2'])
    },
    6 * PATIENCE_MS,
  )

  async function measured<T>(work: () => Promise<T>) {
    const watch = await watchSilence(lab, ADDRESS)
    const start = performance.now()
    const result = await work()
    const ms = Math.round(performance.now() - start)
    const { longestMs } = await watch.stop()
    return { ms, result, silentMs: longestMs }
  }
})

/** Somebody's guest that takes nearly all that is free; it stays paused. */
const FILLER = ['name = "filler"', 'type = "pvh"', 'kernel = "/boot/vmlinuz-plain"', 'vif = []', ''].join(
  '\n',
)
