import { once } from 'node:events'
import { execa } from 'execa'
import type { ScriptedAnswer } from './answer-dhcp.ts'
import { repository } from './settings.ts'
import type { Lab } from './start-lab.ts'

/** A DHCP and BOOTP server on the lab's network that gives each MAC just what a test wants. */
export interface Responder {
  stop(): Promise<void>
}

/** Starts it on the provisioning host; answers are by MAC. */
export async function startResponder(
  lab: Lab,
  answers: Readonly<Record<string, ScriptedAnswer>>,
): Promise<Responder> {
  const [file, args] = lab.command([process.execPath, 'test/xen/answer-dhcp.ts', JSON.stringify(answers)])
  const child = execa(file, args, { cwd: repository, reject: false })
  await once(child.stdout, 'data') // it says that it is ready
  return {
    stop: async () => {
      child.kill()
      await child
    },
  }
}
