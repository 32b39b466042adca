import type { Problem } from '../model/problem.ts'
import { CHECKS, type Check, type CheckName, type Judge, type Move } from './check.ts'
import { checkBridge } from './checks/bridge.ts'
import { checkClaim } from './checks/claim.ts'
import { checkClock } from './checks/clock.ts'
import { checkConfig } from './checks/config.ts'
import { checkCpu } from './checks/cpu.ts'
import { checkDisks } from './checks/disks.ts'
import { checkInitrd, checkKernel } from './checks/kernel.ts'
import { checkLogdirty } from './checks/logdirty.ts'
import { checkMemory } from './checks/memory.ts'
import { checkNames } from './checks/names.ts'
import { checkOutput } from './checks/output.ts'
import { checkServer } from './checks/server.ts'
import { checkSsh } from './checks/ssh.ts'
import { checkState } from './checks/state.ts'
import { checkSuspend } from './checks/suspend.ts'
import { checkXen } from './checks/xen.ts'

/** THE TABLE: every check, and what judges it. */
const judges: Record<CheckName, Judge> = {
  state: checkState,
  claim: checkClaim,
  suspend: checkSuspend,
  ssh: checkSsh,
  clock: checkClock,
  xen: checkXen,
  logdirty: checkLogdirty,
  cpu: checkCpu,
  memory: checkMemory,
  bridge: checkBridge,
  names: checkNames,
  config: checkConfig,
  kernel: checkKernel,
  initrd: checkInitrd,
  disks: checkDisks,
  server: checkServer,
  output: checkOutput,
}

/** Judges a move before anything of it is done; all findings at once. */
export const checkMove = (move: Move): Check[] => CHECKS.map((check) => ({ check, ...judges[check](move) }))

/** Without these a move would end one way or another in two copies, or in none. */
const NEVER_FORCED: readonly CheckName[] = ['state', 'claim', 'names', 'ssh']

/** What speaks against a move: what fails, and what nobody can tell, unless it is forced by name. */
export function judgeMove(
  domain: string,
  checks: readonly Check[],
  force: readonly string[],
): { readonly refusals: readonly Problem[]; readonly warnings: readonly Problem[] } {
  const isForced = ({ check }: Check) => force.includes(check) && !NEVER_FORCED.includes(check)
  const problem = ({ check, detail, fix }: Check, prefix = ''): Problem => ({
    path: `domains/${domain}/${check}`,
    message: `${prefix}${detail}${fix === undefined ? '' : `; fix: ${fix}`}`,
  })
  const bad = checks.filter(({ status }) => status === 'fail' || status === 'unknown')
  return {
    refusals: bad
      .filter((one) => !isForced(one))
      .map((one) => problem(one, one.status === 'unknown' ? 'unknown: ' : '')),
    warnings: [
      ...bad.filter(isForced).map((one) => problem(one, 'forced: ')),
      ...checks.filter(({ status }) => status === 'warn').map((one) => problem(one)),
    ],
  }
}
