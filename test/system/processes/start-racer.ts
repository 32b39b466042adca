/**
 * One of several processes that start the same guests on one database: `node start-racer.ts FOLDER COUNT`. Says
 * "ready", waits for its input, then starts d0 to dCOUNT-1; prints the numbers of those that it started, as JSON.
 */
import { once } from 'node:events'
import { LINKS } from '../../../src/boot/link.ts'
import { DomusError } from '../../../src/errors.ts'
import { localJobs } from '../../../src/service/local-jobs.ts'
import { openRaceApp } from './race-app.ts'

const [folder = '', count = '0'] = process.argv.slice(2)
const jobs = await localJobs(await openRaceApp(folder))
process.stdout.write('ready\n')
await once(process.stdin, 'data')
const won: number[] = []
for (let index = 0; index < Number(count); index++) {
  try {
    const { outcome } = await jobs.run({ kind: 'start', name: `d${index}`, force: LINKS })
    if (outcome === 'done') won.push(index)
  } catch (error) {
    if (!(error instanceof DomusError) || !['conflict', 'stale-plan', 'busy', 'refused'].includes(error.code))
      throw error
  }
}
await jobs.close()
process.stdout.write(`${JSON.stringify(won)}\n`)
process.stdin.destroy()
