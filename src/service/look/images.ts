import { composeCmdline } from '../../boot/cmdline.ts'
import type { ImageFact } from '../../boot/facts.ts'
import { kernelWords, valuesOf } from '../../boot/words.ts'
import type { Name } from '../../model/grammar.ts'
import type { Guest } from '../../model/inventory.ts'
import { pathFact, type ServerFacts } from '../../nfs/facts.ts'
import type { Tools } from '../app.ts'
import { notAsked } from './ask.ts'
import { readTree } from './image-tree.ts'

/** The roots of guests, each read once. */
export async function gatherImages(
  tools: Tools,
  guests: readonly Guest[],
  servers: ReadonlyMap<Name, ServerFacts>,
): Promise<Map<string, ImageFact>> {
  const byImage = new Map(guests.map((guest) => [imageKey(guest), guest]))
  const look = async (guest: Guest): Promise<[string, ImageFact]> => {
    const { image, server } = guest
    const facts = servers.get(server.name)
    const path = facts === undefined ? notAsked : pathFact(facts, image.path)
    const tree =
      path.kind === 'directory'
        ? await readTree(tools.machines(server.machine), image.path, wantedInit(guest))
        : notAsked
    return [imageKey(guest), { path, tree }]
  }
  return new Map(await Promise.all([...byImage.values()].map(look)))
}

/** What init= on the guest's command line asks for. */
export const wantedInit = (guest: Guest) => valuesOf(kernelWords(composeCmdline(guest)), 'init').at(-1)

/** What a look at an image depends on: the tree and the init asked for. */
export const imageKey = (guest: Guest) => `${guest.image.name} ${wantedInit(guest) ?? ''}`
