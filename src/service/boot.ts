import { randomUUID } from 'node:crypto'
import { causeIn, type Stage, stageOf } from '../boot/stages.ts'
import type { Following } from '../machine/machine.ts'
import type { Guest } from '../model/inventory.ts'
import { toolstacks } from '../toolstack/kinds.ts'
import type { App } from './app.ts'
import type { BootEvent, BootView } from './jobs.ts'

/** A boot that is being watched; `end` is its result, `stop` gives up watching. */
export interface BootWatch {
  readonly end: Promise<BootView>
  stop(): void
}

/**
 * Reads a guest's console from now on and tells each stage of its boot as it comes.
 *
 * To be opened before the guest is started. Ends at init, at a panic, or after `timeoutMs`.
 */
export function watchBoot(
  app: App,
  guest: Guest,
  timeoutMs: number,
  onStage: (event: BootEvent) => void,
): BootWatch {
  const log = toolstacks[guest.host.toolstack].consoleLogPath(guest.domain.name)
  // -F waits for a log that is not there yet; what a former boot left in it is passed over.
  const console = app.machines(guest.host.machine).follow(['tail', '-n', '0', '-F', log])
  const timer = setTimeout(() => console.stop(), timeoutMs)
  const stop = () => {
    clearTimeout(timer)
    console.stop()
  }
  return { end: readStages(app, guest, console, onStage).finally(stop), stop }
}

async function readStages(
  app: App,
  guest: Guest,
  console: Following,
  onStage: (event: BootEvent) => void,
): Promise<BootView> {
  const boot = randomUUID()
  const stages: BootEvent[] = []
  let reached: Stage | undefined
  let cause: string | undefined
  for await (const line of console.lines) {
    cause = causeIn(line) ?? cause
    const sign = stageOf(line)
    if (!sign || stages.some(({ stage }) => stage === sign.stage)) continue
    const event = { boot, stage: sign.stage, at: app.now().toISOString(), detail: sign.detail }
    stages.push(event)
    reached = sign.stage
    onStage(event)
    // Leaving the loop waits for the end of the program, so that is told first.
    if (sign.stage === 'init' || sign.stage === 'failed') {
      console.stop()
      break
    }
  }
  return {
    domain: guest.domain.name,
    ok: reached === 'init',
    stage: reached ?? 'none',
    stages,
    ...(reached !== 'init' && cause !== undefined && { cause }),
  }
}
