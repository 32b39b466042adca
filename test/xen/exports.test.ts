import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { FollowedLog } from './follow.ts'
import { guestConsoleLog, type Lab, startLab } from './start-lab.ts'

// Exports come and go on the kernel's own NFS server while a guest works on another one: it must not notice.

const PATIENCE_MS = 1_800_000 // of one test, on a machine that has other work too
const ROUNDS = 3
const CROWD = 100

/**
 * What the guest runs: again and again it writes a file, drops its caches and reads one back, so that every round
 * goes to the server. It tells every twenty rounds how many there were, the longest in hundredths of a second, and
 * how many failed.
 */
const WORK = `now() { read t _ </proc/uptime; t="\${t%.*}\${t#*.}"; }
work() {
  n=0; failed=0; worst=0; now; last=$t
  while :; do
    n=$((n + 1))
    echo "$n $t" >/var/work || failed=$((failed + 1))
    echo 3 >/proc/sys/vm/drop_caches
    read back _ </var/work && [ "$back" = "$n" ] || failed=$((failed + 1))
    cat /bin/data >/dev/null || failed=$((failed + 1))
    now; [ $((t - last)) -le $worst ] || worst=$((t - last)); last=$t
    [ $((n % 20)) -ne 0 ] || { echo "DOMUS-WORK round=$n worst=$worst failed=$failed"; worst=0; }
  done
}
work
`

interface Work {
  readonly round: number
  readonly worstMs: number
  readonly failed: number
}

const site = (crowd: readonly object[] = []) => ({
  site: 'lab',
  networks: [
    { name: 'lan', cidr: '10.77.0.0/24', bridge: 'xenbr0', range: '10.77.0.50-10.77.0.99' },
    { name: 'wide', cidr: '10.80.0.0/16', bridge: 'xenbr0', gateway: '10.80.0.1' },
  ],
  servers: [{ name: 'filer', address: '10.77.0.1', machine: 'ssh://root@10.77.0.1' }],
  images: [
    { name: 'slack', server: 'filer', path: '/srv/xen/images/slack' },
    { name: 'base', server: 'filer', path: '/srv/xen/images/base', sharing: 'shared' },
  ],
  kernels: [{ name: 'pv', path: '/boot/vmlinuz-nfsroot', type: 'pv' }], // PVH guests die at times without hardware virtualization
  hosts: [{ name: 'xen1', machine: 'ssh://root@10.77.0.1' }],
  domains: [
    { name: 'menas', image: 'slack', network: 'lan', kernel: 'pv', memoryMiB: 64, address: '10.77.0.50' },
    ...crowd,
  ],
})

const crowd = (count: number) =>
  Array.from({ length: count }, (_, at) => ({
    name: `web${at}`,
    image: 'base',
    network: 'wide',
    kernel: 'pv',
    memoryMiB: 64,
    address: `10.80.1.${at + 1}`,
  }))

describe.runIf(process.env.DOMUS_XEN_ALL === '1')(
  'a guest that reads and writes its root without a pause',
  () => {
    let lab: Lab
    let console: FollowedLog
    let quietMs: number
    let closeConsole: () => Promise<void> = async () => undefined

    beforeAll(async () => {
      lab = await startLab({ hosts: 1 })
      await apply(site())
      const image = '/srv/xen/images/slack'
      await lab.must(
        1,
        ['sh', '-c', `cat >${image}/bin/work; head -c 65536 /dev/urandom >${image}/bin/data`],
        {
          input: WORK,
        },
      )
      expect(await lab.domus(['start', 'menas', '--wait'], { timeoutMs: PATIENCE_MS })).toMatchObject({
        exitCode: 0,
      })
      console = lab.console(1, 'menas')
      closeConsole = () => console.close()
      await console.waitFor(/^DOMUS-GUEST tick 1$/, PATIENCE_MS)
      // What is typed on its console is run.
      const type =
        'printf "sh /bin/work\\n" >"$(xenstore-read "/local/domain/$(xl domid menas)/console/tty")"'
      await lab.must(1, ['sh', '-c', type])
      await roundsFrom(0, 100)
      quietMs = longest(await roundsFrom(0, 100))
    }, PATIENCE_MS)
    afterAll(async () => {
      await closeConsole()
      await lab.stop()
    })

    async function apply(document: object) {
      const result = await lab.domus(['apply', '-f', '-', '--prune', '--yes', '--json'], {
        input: JSON.stringify(document),
        timeoutMs: PATIENCE_MS,
      })
      expect(result.exitCode, result.stderr + result.stdout).toBe(0)
      return JSON.parse(result.stdout)
    }

    const workSoFar = (): Work[] =>
      [...console.text().matchAll(/^DOMUS-WORK round=(\d+) worst=(\d+) failed=(\d+)$/gm)].map(
        ([, round, worst, failed]) => ({
          round: Number(round),
          worstMs: Number(worst) * 10,
          failed: Number(failed),
        }),
      )
    const lastRound = () => workSoFar().at(-1)?.round ?? 0
    const longest = (work: readonly Work[]) => Math.max(...work.map(({ worstMs }) => worstMs))
    const failures = (work: readonly Work[]) => Math.max(...work.map(({ failed }) => failed))

    /** What the guest told of its rounds after one, once it has done so many more than that. */
    async function roundsFrom(round: number, more: number): Promise<Work[]> {
      const until = Math.ceil((round + more) / 20) * 20
      await console.waitFor(new RegExp(`^DOMUS-WORK round=${until} `), PATIENCE_MS)
      return workSoFar().filter((work) => work.round > round)
    }

    /** Lets something happen, and a hundred rounds after it. */
    async function during(change: () => Promise<unknown>): Promise<Work[]> {
      const from = lastRound()
      await change()
      const changed = lastRound()
      return (await roundsFrom(changed, 100)).filter(({ round }) => round > changed || round > from)
    }

    const exported = async () =>
      (await lab.must(1, ['exportfs', '-s']))
        .split('\n')
        .filter((line) => line.includes('/srv/xen/images/base'))

    test('does not notice that the export of another guest comes and goes', {
      timeout: PATIENCE_MS,
    }, async () => {
      const work = await during(async () => {
        for (let round = 0; round < ROUNDS; round++) {
          await apply(site(crowd(1)))
          expect(await exported()).toHaveLength(1)
          const gone = await lab.domus(['delete', 'domains', 'web0', '--yes'], { timeoutMs: PATIENCE_MS })
          expect(gone, gone.stderr).toMatchObject({ exitCode: 0 })
          expect(await exported()).toEqual([])
        }
      })
      report(`${ROUNDS} exports came and went`, work)
      expect(failures(work)).toBe(0)
      expect(work.length).toBeGreaterThan(2)
    })

    test('keeps its export when somebody asks domus to take it away', { timeout: PATIENCE_MS }, async () => {
      const { domains: _gone, ...rest } = site()
      const result = await lab.domus(['apply', '-f', '-', '--prune', '--yes'], {
        input: JSON.stringify({ ...rest, domains: [] }),
        timeoutMs: PATIENCE_MS,
      })
      expect(result, result.stdout).toMatchObject({ exitCode: 3 })
      expect(result.stdout + result.stderr).toMatch(/menas.*runs.*stop it/s)
      expect(await lab.must(1, ['exportfs', '-s'])).toMatch(/^\/srv\/xen\/images\/slack\s+10\.77\.0\.50\(/m)
      expect(await lab.must(1, ['tail', '-n', '3', guestConsoleLog('menas')])).toContain('DOMUS-')
    })

    test(`does not notice that ${CROWD} exports come in one plan, and go`, {
      timeout: PATIENCE_MS,
    }, async () => {
      const came = await during(async () => {
        await apply(site(crowd(CROWD)))
        expect(await exported()).toHaveLength(CROWD)
      })
      report(`${CROWD} exports came`, came)
      const went = await during(async () => {
        await apply(site())
        expect(await exported()).toEqual([])
      })
      report(`${CROWD} exports went`, went)
      expect(failures([...came, ...went])).toBe(0)
    })

    test('would tell us: its own export taken away by hand fails it, and domus apply puts that right', {
      timeout: PATIENCE_MS,
    }, async () => {
      const failed = failures(workSoFar())
      await lab.must(1, ['exportfs', '-u', '10.77.0.50:/srv/xen/images/slack'])
      await console.waitFor(/Permission denied|Stale file handle/, PATIENCE_MS)
      const view = await apply(site())
      expect(view).toMatchObject({ outcome: 'done', steps: [{ kind: 'export' }] })
      const healed = lastRound()
      const work = await roundsFrom(healed + 40, 100)
      expect(failures(work)).toBeGreaterThan(failed)
      expect(work.at(-1)?.failed).toBe(work.at(-2)?.failed)
    })

    /** The figure of this test, for the log. */
    function report(what: string, work: readonly Work[]): void {
      const { round = 0, failed = 0 } = work.at(-1) ?? {}
      process.stderr.write(
        `exports: ${what}: longest round of the guest ${longest(work)} ms (quiet: ${quietMs} ms), ${failed} failed until round ${round}\n`,
      )
    }
  },
)
