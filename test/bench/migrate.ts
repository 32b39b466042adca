import { openMigrationApp } from '../builders/migration-app.ts'
import { type Area, timeMs } from './area.ts'

// Our share of a migration's preflight and of a repair's plan: two hosts in memory, whose commands take no time.

export const area: Area = {
  name: 'migrate',
  async run() {
    const { app, jobs } = await openMigrationApp()
    try {
      const preflightMs = await timeMs(15, () => jobs.plan({ kind: 'migrate', name: 'menas', host: 'h2' }))
      const repairPlanMs = await timeMs(15, () => jobs.plan({ kind: 'repair', name: 'menas' }))
      return { figures: { preflightMs, repairPlanMs }, ratios: {} }
    } finally {
      await app.close()
    }
  },
}
