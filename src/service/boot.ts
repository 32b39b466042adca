import { randomUUID } from 'node:crypto'
import { describeLastResort, type InitTry, initTryIn, isLastResort, isOfInit } from '../boot/init-try.ts'
import { mountSignOf } from '../boot/mount-log.ts'
import { causeIn, isStage, STAGES, type Stage, stageOf, usualCause } from '../boot/stages.ts'
import type { Following } from '../machine/machine.ts'
import type { Guest } from '../model/inventory.ts'
import { listBootEvents } from '../store/boot-events.ts'
import { toolstacks } from '../toolstack/kinds.ts'
import type { App } from './app.ts'
import type { BootEvent, BootView } from './jobs.ts'

/** A boot that is being watched; `end` is its result, `stop` gives up watching. */
export interface BootWatch {
  readonly end: Promise<BootView>
  stop(): void
}

/** The first event of a boot: a guest is about to be started. Once it is written down, what others see belongs to it. */
export const newBoot = (app: App, guest: Guest): BootEvent => ({
  boot: randomUUID(),
  stage: 'start',
  at: app.now().toISOString(),
  detail: `on host ${guest.host.name}`,
})

/**
 * Follows a boot from its first event on and tells each further stage as it comes: from the guest's console, from
 * the log of the NFS server's mountd where that can be read, and from what DHCP responders of this store write.
 *
 * To be opened before the guest is started. Ends at init, at a panic, or after `timeoutMs`.
 */
export function watchBoot(
  app: App,
  guest: Guest,
  { first, timeoutMs }: { first: BootEvent; timeoutMs: number },
  onStage: (event: BootEvent) => void,
): BootWatch {
  const { machines } = app
  const log = toolstacks[guest.host.toolstack].consoleLogPath(guest.domain.name)
  // -F waits for a log that is not there yet; what a former boot left in it is passed over.
  const console = machines(guest.host.machine).follow(['tail', '-n', '0', '-F', log])
  const mounts = machines(guest.server.machine).follow(MOUNT_LOG)
  const progress = openProgress(app, guest, first, onStage)
  const timer = setTimeout(() => console.stop(), timeoutMs)
  const poll = setInterval(() => void progress.look(), LOOK_EVERY_MS) // never rejects
  const stop = () => {
    clearTimeout(timer)
    clearInterval(poll)
    console.stop()
    mounts.stop()
  }
  const follow = async () => {
    const reading = readMountLog(mounts, guest, progress)
    await readConsole(app, console, guest, progress)
    stop()
    await reading
    await progress.look()
    return progress.view()
  }
  const end = follow().finally(stop)
  end.catch(() => undefined) // whoever waits for it is told; nobody may, since the start itself can fail
  return { end, stop }
}

const LOOK_EVERY_MS = 500

// Where mountd's lines go: the journal, or a file of syslog. Without either there is nothing to read.
const MOUNT_LOG = [
  'sh',
  '-c',
  `if [ -d /run/systemd/system ] && command -v journalctl >/dev/null; then
    exec journalctl -q -f -n 0 -o cat -t rpc.mountd -t mountd
  fi
  for log in /var/log/daemon.log /var/log/syslog /var/log/messages; do
    [ -r "$log" ] && exec tail -n 0 -F "$log"
  done`,
]

interface Progress {
  /** A stage is reached; later signs of the same stage say nothing new. */
  reach(stage: Stage, detail: string, at?: string): void
  /** Something that explains why it does not go on; `by` says how much it is to be believed. */
  blame(by: 'console' | 'server', cause: string): void
  /** Looks at what others wrote of this boot. */
  look(): Promise<void>
  view(): BootView
}

function openProgress(
  app: App,
  guest: Guest,
  first: BootEvent,
  onStage: (event: BootEvent) => void,
): Progress {
  const stages: BootEvent[] = [first]
  const causes = new Map<'console' | 'server', string>()
  const add = (event: BootEvent) => {
    if (stages.some(({ stage }) => stage === event.stage)) return false
    stages.push(event)
    return true
  }
  return {
    reach(stage, detail, at = app.now().toISOString()) {
      const event = { boot: first.boot, stage, at, detail }
      if (add(event)) onStage(event)
    },
    blame: (by, cause) => void causes.set(by, cause),
    async look() {
      // What others wrote is worth less than the boot: it goes on when it cannot be read.
      const events = await listBootEvents(app.store, guest.domain.name, { boot: first.boot }).catch(() => [])
      for (const { boot, stage, at, detail } of events) {
        add({ boot, stage, at, ...(detail !== undefined && { detail }) })
        if (stage === RIVAL && detail !== undefined) causes.set('server', detail)
      }
    },
    view: () => viewOf(guest, stages, causes.get('server') ?? causes.get('console')),
  }
}

/** What a DHCP responder notes when the guest took the answer of another server: no stage, but a reason. */
const RIVAL = 'rival'

function viewOf(guest: Guest, stages: readonly BootEvent[], told: string | undefined): BootView {
  const names = stages.map(({ stage }) => stage).filter(isStage)
  const reached = STAGES.findLast((stage) => stage !== 'failed' && names.includes(stage)) ?? 'start'
  const isFailed = names.includes('failed')
  const cause = told ?? usualCause(guest, reached)
  return {
    domain: guest.domain.name,
    ok: reached === 'init' && !isFailed,
    stage: reached,
    stages: stages.toSorted((one, other) => one.at.localeCompare(other.at)),
    ...(reached !== 'init' && cause !== undefined && { cause }),
  }
}

async function readConsole(app: App, console: Following, guest: Guest, progress: Progress): Promise<void> {
  const init = openInitWatch(app, guest, progress, () => console.stop())
  let isPanic = false
  for await (const line of console.lines) {
    const cause = causeIn(line, guest)
    if (cause !== undefined) progress.blame('console', cause)
    const sign = stageOf(line)
    if (sign !== undefined) progress.reach(sign.stage, sign.detail)
    isPanic = sign?.stage === 'failed'
    // Leaving the loop waits for the end of the program, so that is told first.
    if (isPanic || init.isDecided(line)) {
      console.stop()
      break
    }
  }
  init.close(isPanic)
}

/** An init runs when it says something, or when for a while nothing tells that it does not. */
function openInitWatch(app: App, guest: Guest, progress: Progress, settled: () => void) {
  let trying: (InitTry & { readonly at: string }) | undefined
  let timer: NodeJS.Timeout | undefined
  return {
    /** Whether this line of the console decides it. */
    isDecided(line: string): boolean {
      const next = initTryIn(line, guest, trying)
      if (next === undefined) return trying !== undefined && isOfInit(line, trying)
      trying = { ...next, at: app.now().toISOString() }
      clearTimeout(timer)
      timer = setTimeout(settled, SETTLED_MS)
      return false
    },
    /** The console has ended, or tells no more. */
    close(isPanic: boolean): void {
      clearTimeout(timer)
      if (trying === undefined || isPanic) return
      const isShell = isLastResort(trying)
      if (isShell) progress.blame('console', describeLastResort(trying))
      progress.reach(isShell ? 'failed' : 'init', trying.detail, trying.at)
    },
  }
}

// An init that cannot be run is over in an instant, also on a slow server: it is only looked up.
const SETTLED_MS = 5_000

/** A log that cannot be read only means that less is known. */
async function readMountLog(mounts: Following, guest: Guest, progress: Progress): Promise<void> {
  try {
    for await (const line of mounts.lines) {
      const sign = mountSignOf(guest, line)
      if (sign?.isAllowed === true) progress.reach('mount-request', sign.detail)
      else if (sign !== undefined) progress.blame('server', sign.detail)
    }
  } catch {
    // Told by the links of verify, not here.
  }
}
