import { setTimeout } from 'node:timers/promises'
import { DomusError } from '../errors.ts'
import type { DomainState } from '../toolstack/toolstack.ts'
import { runOrThrow } from './run-or-throw.ts'
import type { StepContext } from './step.ts'

const LOOK_EVERY_MS = 500

/** Where domains are looked for. */
export interface Host {
  readonly on: string
  readonly machine: string
}

/** All domUs of a host with their run states. @throws DomusError when the host cannot be asked */
export async function domainsOn(host: Host, { machines, toolstack }: StepContext): Promise<DomainState[]> {
  const { stdout } = await runOrThrow(machines(host.machine), toolstack.statesArgv)
  return toolstack.parseStates(stdout)
}

/**
 * Waits until a host has no such domain any more; the memory and the name of an ended one may stay for a while.
 *
 * @throws DomusError 'command-failed' when it is still there after that time
 */
export async function untilGone(
  host: Host,
  isIt: (domain: DomainState) => boolean,
  context: StepContext,
  timeoutMs: number,
): Promise<void> {
  const end = performance.now() + timeoutMs
  for (;;) {
    const domain = (await domainsOn(host, context)).find(isIt)
    if (domain === undefined) return
    if (performance.now() >= end) {
      const what = `domain ${domain.name} (${domain.domid}) is still on ${host.on} after ${timeoutMs / 1000} s`
      throw new DomusError('command-failed', `${what}, as ${domain.state} (${domain.flags})`)
    }
    context.progress(`domain ${domain.name} is ${domain.state} on ${host.on}`)
    await setTimeout(LOOK_EVERY_MS)
  }
}
