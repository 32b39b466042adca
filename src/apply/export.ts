import { exportFreebsd } from './export-freebsd.ts'
import { exportLinux } from './export-linux.ts'
import type { StepKind, StepOf } from './step.ts'

type ExportStep = StepOf<'export'>

/** THE TABLE: how each kind of NFS server takes its exports. */
const kinds: Record<ExportStep['serverKind'], StepKind<ExportStep>> = {
  linux: exportLinux,
  freebsd: exportFreebsd,
}

export const exportStep: StepKind<ExportStep> = {
  describe: (step) => kinds[step.serverKind].describe(step),
  prepare: (step, context) => kinds[step.serverKind].prepare(step, context),
  apply: (step, saved, context) => kinds[step.serverKind].apply(step, saved, context),
  undo: (step, saved, context, certainty) => kinds[step.serverKind].undo(step, saved, context, certainty),
}
