import type { Step } from '../plan/plan.ts'
import { copyStep } from './copy.ts'
import { exportStep } from './export.ts'
import { mendStep } from './mend.ts'
import { migrateStep } from './migrate.ts'
import { recordStep } from './record.ts'
import { removeStep } from './remove.ts'
import { runStep } from './run.ts'
import { startStep } from './start.ts'
import type { StepKind, StepOf } from './step.ts'
import { stopStep } from './stop.ts'
import { writeStep } from './write.ts'

export type StepKinds = { readonly [K in Step['kind']]: StepKind<StepOf<K>> }

/** THE TABLE: how each kind of step is carried out and taken back. */
export const stepKinds: StepKinds = {
  write: writeStep,
  remove: removeStep,
  run: runStep,
  export: exportStep,
  start: startStep,
  stop: stopStep,
  migrate: migrateStep,
  copy: copyStep,
  mend: mendStep,
  record: recordStep,
}

/** The kind of a step; its functions take that step and no other. */
export const kindOf = (kinds: StepKinds, step: Step) => kinds[step.kind] as StepKind
