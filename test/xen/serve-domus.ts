import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { LabError, repository } from './settings.ts'
import { type Lab, labEnvironment } from './start-lab.ts'

/** Runs `domus serve` on the provisioning host; gives what ends it. */
export async function serveDomus(lab: Lab): Promise<() => Promise<void>> {
  const [file, args] = lab.command([process.execPath, join(repository, 'src/domus.js'), 'serve'])
  const env = { ...process.env, ...labEnvironment(lab.settings) }
  const service = spawn(file, [...args], { env, stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = once(service, 'exit')
  let log = ''
  await new Promise<void>((resolve, reject) => {
    service.stderr.on('data', (text) => {
      log += String(text)
      if (log.includes('"msg":"ready"')) resolve()
    })
    service.once('exit', () => reject(new LabError(`the service ended: ${log}`)))
  })
  return async () => {
    service.kill('SIGTERM')
    await ended
  }
}
