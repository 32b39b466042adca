import type { Host } from '../model/host.ts'
import type { Toolstack } from './toolstack.ts'
import { xl } from './xl.ts'

/** THE TABLE: every kind of toolstack there is. */
export const toolstacks: Record<Host['toolstack'], Toolstack> = { xl }
