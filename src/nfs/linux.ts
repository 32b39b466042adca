import type { NfsKind } from './kind.ts'
import { DROP_IN, parseDropIn, renderDropIn } from './linux-file.ts'
import { linuxPlan } from './linux-plan.ts'

/** knfsd: a drop-in of our own under /etc/exports.d, and a live table changed entry by entry. */
export const linux: NfsKind = {
  path: DROP_IN,
  render: renderDropIn,
  parse: parseDropIn,
  plan: linuxPlan,
}
