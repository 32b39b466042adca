import { readFile, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { execa } from 'execa'
import { exportLinux, type SavedExports } from '../../../src/apply/export-linux.ts'
import type { StepContext, StepOf } from '../../../src/apply/step.ts'
import { DomusError } from '../../../src/errors.ts'
import type { Machine } from '../../../src/machine/machine.ts'
import type { Inventory } from '../../../src/model/inventory.ts'
import type { ExportPlan, ExportRequest } from '../../../src/nfs/kind.ts'
import { linux } from '../../../src/nfs/linux.ts'
import { gatherExportFacts } from '../../../src/service/exports-facts.ts'
import { known, request, serverIn } from '../../builders/exports.ts'
import type { Sandbox } from './sandbox.ts'

export type ExportStep = StepOf<'export'>

/** Looks at the machine and plans its exports for real. */
export async function planOn(
  machine: Machine,
  inventory: Inventory,
  over: Partial<ExportRequest> & { running?: readonly string[] } = {},
): Promise<ExportPlan> {
  const { running = [], ...rest } = over
  const paths = [...inventory.images.values()].map(({ path }) => path)
  const facts = await gatherExportFacts(machine, serverIn(inventory), paths)
  return linux.plan(request(inventory, { facts: { ...facts, running: known(new Set(running)) }, ...rest }))
}

/** The one export step of a plan without problems. */
export function stepOf(plan: ExportPlan): ExportStep {
  const step = plan.steps.find((one) => one.kind === 'export')
  if (plan.problems.length > 0 || plan.facts === 'unknown' || step === undefined)
    throw new Error(`no step: ${JSON.stringify(plan)}`)
  return step
}

export interface Told {
  readonly warnings: string[]
}

/** What an export step uses of its context, on one machine; what it tells the user ends up in `told`. */
export const contextOn = (machine: Machine, told: Told = { warnings: [] }): StepContext => {
  const used: Pick<StepContext, 'machines' | 'progress' | 'warn'> = {
    machines: () => machine,
    progress: () => undefined,
    warn: (text) => told.warnings.push(text),
  }
  return used as StepContext // it has no business with the store, a toolstack or the clock
}

/** Carries a step out as the executor does: a failure is undone. */
export async function carryOut(
  machine: Machine,
  step: ExportStep,
  told?: Told,
): Promise<{ saved: SavedExports; result: 'changed' | 'unchanged' }> {
  const context = contextOn(machine, told)
  const saved = await exportLinux.prepare(step, context)
  try {
    return { saved, result: await exportLinux.apply(step, saved, context) }
  } catch (error) {
    await exportLinux.undo(step, saved, context, 'uncertain')
    throw error
  }
}

/** Plans and carries out whatever is needed to export exactly this inventory. */
export async function exportAll(machine: Machine, inventory: Inventory, told?: Told): Promise<void> {
  const plan = await planOn(machine, inventory)
  if (plan.problems.length > 0) throw new DomusError('refused', 'refused', { problems: plan.problems })
  if (plan.steps.length > 0) await carryOut(machine, stepOf(plan), told)
}

const DRIVER = resolve(import.meta.dirname, 'driver.ts')

/**
 * Carries a step out by a process of its own inside the sandbox, on what is the local machine there; it dies at
 * the given point. What undo needs is in `saved` once it was looked at.
 */
export async function drive(box: Sandbox, step: ExportStep, when = 'before', at = 1000) {
  await writeFile(`/proc/${box.pid}/root/run/step`, JSON.stringify(step))
  const [program = '', ...enter] = box.enter
  const argv = [...enter, process.execPath, DRIVER, '/run/step', '/run/saved', when, String(at)]
  const { signal, stdout, stderr } = await execa(program, argv, { reject: false })
  const saved = await readFile(`/proc/${box.pid}/root/run/saved`, 'utf8').catch(() => undefined)
  return {
    signal,
    stdout,
    stderr,
    saved: saved === undefined ? undefined : (JSON.parse(saved) as SavedExports),
  }
}
