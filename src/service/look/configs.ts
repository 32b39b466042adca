import { type BootFacts, readerOf } from '../../boot/facts.ts'
import type { FileState } from '../../machine/machine.ts'
import type { Name } from '../../model/grammar.ts'
import type { Guest } from '../../model/inventory.ts'
import type { FileFact } from '../../plan/plan.ts'
import { toolstacks } from '../../toolstack/kinds.ts'
import type { Tools } from '../app.ts'
import { kernelKey } from '../kernels.ts'
import { notAsked, orReason } from './ask.ts'

/** The configs on the hosts, all of a host at once. */
export async function gatherConfigs(
  tools: Tools,
  guests: readonly Guest[],
  kernels: ReadonlyMap<string, BootFacts['kernel']>,
) {
  const byHost = Map.groupBy(guests, ({ host }) => host.name)
  const read = [...byHost.values()].map(async (here): Promise<[Name, BootFacts['config']][]> => {
    const pathOf = ({ host, domain }: Guest) => toolstacks[host.toolstack].configPath(domain.name)
    const machine = here[0]?.host.machine ?? 'local'
    const found = await orReason(tools.machines(machine).readFiles(here.map(pathOf)))
    return here.map((guest) => {
      const file = typeof found === 'string' ? found : found.get(pathOf(guest))
      const reader = readerOf(guest, kernels.get(kernelKey(guest)) ?? notAsked)
      const rendered = toolstacks[guest.host.toolstack].render(guest, tools.templates, reader)
      return [guest.domain.name, { file: configFile(file), rendered }]
    })
  })
  return new Map((await Promise.all(read)).flat())
}

function configFile(file: FileState | string | undefined): FileFact {
  if (file === undefined) return { kind: 'absent' }
  if (typeof file === 'string') return { kind: 'unknown', reason: file }
  return { kind: 'file', content: file.content, mode: file.mode }
}
