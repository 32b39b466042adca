import { applyPlan } from '../apply/apply.ts'
import type { Outcome } from '../apply/outcome.ts'
import { describeError } from '../errors.ts'
import { viewPlan, viewStep } from '../plan/view.ts'
import { addBootEvent } from '../store/boot-events.ts'
import type { App } from './app.ts'
import { applyContext } from './apply-context.ts'
import { type BootWatch, newBoot, watchBoot } from './boot.ts'
import { planChange, requireSound } from './change.ts'
import type { BootEvent, ChangeRequest, OperationView, RunEvents } from './jobs.ts'
import type { PlannedChange } from './planned-change.ts'
import { awaitMigration, giveUpStuck } from './unfinished.ts'

/**
 * Plans a change and carries it out; a start that is waited for is followed on the guest's console.
 *
 * @throws DomusError for what was refused before anything began; an outcome that went wrong is a value
 */
export async function runChange(app: App, request: ChangeRequest, events: RunEvents): Promise<OperationView> {
  if (request.kind === 'repair') await awaitMigration(app, request.name, events)
  const change = await planChange(app, request)
  requireSound(change)
  if (request.kind === 'repair') await giveUpStuck(app, request.name, change)
  const watch = await watchStart(app, change, request, events)
  try {
    const view = await carryOut(app, change, events)
    if (view.outcome !== 'done' || watch === undefined) return view
    return { ...view, boot: await watch.end }
  } finally {
    watch?.stop()
  }
}

async function carryOut(
  app: App,
  { plan, subjects, since }: PlannedChange,
  events: RunEvents,
): Promise<OperationView> {
  const context = applyContext(app, ({ state, text, phase }) => {
    if (state !== 'end') events.step?.(phase === 'undo' ? `undo: ${text}` : text)
  })
  const request = {
    who: events.who ?? app.who,
    subjects,
    since,
    onBegun: (operation: number) => events.begun?.(String(operation)),
  }
  return viewOutcome(plan, await applyPlan(plan, request, context))
}

function viewOutcome(plan: PlannedChange['plan'], outcome: Outcome): OperationView {
  const told = outcome.warnings.map((message) => ({ path: 'operation', message }))
  return {
    ...viewPlan({ ...plan, warnings: [...plan.warnings, ...told] }),
    operation: outcome.operation === undefined ? '' : String(outcome.operation),
    outcome: outcome.outcome,
    steps: plan.steps.map((step, position) => {
      const { result = 'pending', error } = outcome.steps[position] ?? {}
      return { ...viewStep(step), result: error === undefined ? result : `${result}: ${error}` }
    }),
    ...(outcome.error && { error: describeFailure(outcome) }),
    ...(outcome.notes.length > 0 && { notes: outcome.notes }),
  }
}

const describeFailure = ({ error, lookAt }: Outcome) =>
  [describeError(error), ...lookAt.map((line) => `look at: ${line}`)].join('\n')

/** Opened before the guest is created, so that no line of its console is missed; every start is noted as a boot. */
async function watchStart(
  app: App,
  { starts }: PlannedChange,
  request: ChangeRequest,
  events: RunEvents,
): Promise<BootWatch | undefined> {
  // The record of a boot is worth less than the boot: it goes on when it cannot be kept.
  const fault = (error: unknown) => void events.step?.(describeError(error))
  const boots: BootWatch[] = []
  for (const guest of starts) {
    const first = newBoot(app, guest)
    await addBootEvent(app.store, { ...first, domain: guest.domain.name }).catch(fault)
    if (request.kind !== 'start' || request.waitSeconds === undefined) continue
    const onStage = (event: BootEvent) => {
      events.step?.(`${guest.domain.name}: ${event.stage}`)
      addBootEvent(app.store, { ...event, domain: guest.domain.name }).catch(fault)
    }
    boots.push(watchBoot(app, guest, { first, timeoutMs: request.waitSeconds * 1000 }, onStage))
  }
  return boots[0]
}
