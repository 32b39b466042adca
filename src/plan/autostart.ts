import { dirname } from 'node:path/posix'
import type { Name } from '../model/grammar.ts'
import type { Host } from '../model/host.ts'
import { toolstacks } from '../toolstack/kinds.ts'
import type { Step } from './plan.ts'

/** Makes a domain start with its host. */
export function linkAutostart(host: Host, domain: Name): Step[] {
  const { argv, undo, link } = linking(host, domain)
  const place = { kind: 'run', on: host.name, machine: host.machine } as const
  // Debian makes no /etc/xen/auto; an empty one left behind is as good as none.
  return [
    { ...place, argv: ['mkdir', '-p', dirname(link)] },
    { ...place, argv, undo },
  ]
}

/** The contrary. */
export function unlinkAutostart(host: Host, domain: Name): Step {
  const { argv, undo } = linking(host, domain)
  return { kind: 'run', on: host.name, machine: host.machine, argv: undo, undo: argv }
}

function linking({ toolstack }: Host, domain: Name) {
  const { autostartPath, configPath } = toolstacks[toolstack]
  const link = autostartPath(domain)
  return { link, argv: ['ln', '-sfn', configPath(domain), link], undo: ['rm', '-f', link] }
}
