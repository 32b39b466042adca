import { EXPORTS_FILE, parseExportsFile, renderBlock } from './freebsd-file.ts'
import { freebsdPlan } from './freebsd-plan.ts'
import type { NfsKind } from './kind.ts'

/** FreeBSD's mountd, the server of The Book of Xen: a managed block in /etc/exports, read again on SIGHUP. */
export const freebsd: NfsKind = {
  path: EXPORTS_FILE,
  render: renderBlock,
  parse: parseExportsFile,
  plan: freebsdPlan,
}
