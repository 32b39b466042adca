import { describeStep } from '../plan/view.ts'
import type { Operation } from '../store/operations.ts'
import type { OperationSummary } from './jobs.ts'

/** An operation as people and programs are shown it. */
export function summaryOf({
  id,
  title,
  state,
  who,
  started,
  finished,
  plan,
  steps,
  detail,
}: Operation): OperationSummary {
  const byPosition = new Map(steps.map((step) => [step.position, step]))
  const told = [
    detail?.error,
    ...(detail?.lookAt ?? []).map((line) => `look at: ${line}`),
    ...(detail?.warnings ?? []),
    ...(detail?.notes ?? []),
  ]
  const text = told.filter((line) => line !== undefined).join('\n')
  return {
    id: String(id),
    title,
    state,
    who,
    started,
    ...(finished !== undefined && { finished }),
    ...(text !== '' && { detail: text }),
    steps: plan.steps.map((step, position) => {
      const known = byPosition.get(position)
      return {
        step: describeStep(step),
        state: known?.state ?? 'pending',
        ...(known?.error !== undefined && { error: known.error }),
      }
    }),
  }
}
