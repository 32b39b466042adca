import { verifyGuest } from '../boot/chain.ts'
import { checkCmdline, type Dialect, dialectOf } from '../boot/cmdline.ts'
import { type BootFacts, readerOf } from '../boot/facts.ts'
import { LINKS, type Link, type LinkName } from '../boot/link.ts'
import { kernelLink } from '../boot/links/kernel.ts'
import { DomusError } from '../errors.ts'
import type { Guest, Inventory } from '../model/inventory.ts'
import { type Problem, unique } from '../model/problem.ts'
import type { Tools } from './app.ts'
import { gatherBootFacts } from './boot-facts.ts'
import { kernelKey } from './kernels.ts'
import type { Claims, Fences } from './look/claims.ts'
import { gatherKernels } from './look/kernels.ts'

/** What speaks against a plan, and what one should know. */
export interface Checked {
  readonly refusals: readonly Problem[]
  readonly warnings: readonly Problem[]
}

/**
 * Judges the kernels of guests that are new or changed: one that cannot mount its root is refused before anything is
 * made. A kernel that is not on the host yet is a warning: it is needed only at the start.
 */
export async function checkKernels(tools: Tools, guests: readonly Guest[]): Promise<Checked> {
  if (guests.length === 0) return { refusals: [], warnings: [] }
  const kernels = await gatherKernels(tools, guests)
  const byKernel = new Map(guests.map((guest) => [kernelKey(guest), guest]))
  const judged = [...byKernel].map(([key, guest]) => {
    const fact = kernels.get(key) ?? notLooked
    // Only the fact about the kernel is looked at by this link.
    return { fact, guest, link: kernelLink(guest, { kernel: fact } as BootFacts) }
  })
  const problem = ({ guest, link }: (typeof judged)[number]): Problem => ({
    path: `kernels/${guest.kernel.name}`,
    message: textOf(link),
  })
  const isAbsent = ({ fact }: (typeof judged)[number]) => fact.kind === 'known' && 'absent' in fact.value
  const bad = judged.filter(({ link }) => link.status !== 'ok')
  const readers = guests.map((guest) => checkReader(guest, kernels.get(kernelKey(guest))))
  return {
    refusals: unique([
      ...bad.filter((one) => one.link.status === 'fail' && !isAbsent(one)).map(problem),
      ...readers.flatMap(({ refusals }) => refusals),
    ]),
    warnings: unique([
      ...bad.filter((one) => one.link.status !== 'fail' || isAbsent(one)).map(problem),
      ...readers.flatMap(({ warnings }) => warnings),
    ]),
  }
}

/** Where the initrd was made by another program than is declared, that one reads the command line. */
function checkReader(guest: Guest, fact: BootFacts['kernel'] = notLooked): Checked {
  const { kernel, host } = guest
  const [declared, seen] = [dialectOf(kernel), readerOf(guest, fact)]
  if (declared === seen) return { refusals: [], warnings: [] }
  const maker = MAKERS[seen]
  const message = `${kernel.initrd} on host ${host.name} ${maker}, so the command line is written for that; say ${seen === 'kernel' ? 'no initrd' : `initramfs: ${seen}`} of kernel ${kernel.name}`
  return {
    refusals: checkCmdline(guest, { dialect: seen }),
    warnings: [{ path: `kernels/${kernel.name}/initramfs`, message }],
  }
}

const MAKERS: Record<Dialect, string> = {
  klibc: 'was made by initramfs-tools (klibc)',
  dracut: 'was made by dracut',
  mkinitcpio: 'was made by mkinitcpio',
  kernel: 'has no /init and leaves the root to the kernel',
}

const notLooked = { kind: 'unknown', reason: 'nobody looked' } as const

/**
 * What of `--force` to write into the journal: an operation's title says which links were overridden.
 *
 * @throws DomusError 'invalid-input' for what is no link
 */
export function forcedTitle(title: string, force: readonly string[] = []): string {
  const strangers = force.filter((word) => !LINKS.some((link) => link === word))
  if (strangers.length > 0) {
    const problems = strangers.map((word) => ({
      path: 'force',
      message: `${word} is no link of a boot; known: ${LINKS.join(', ')}`,
    }))
    throw new DomusError('invalid-input', title, { problems })
  }
  return force.length === 0 ? title : `${title}, forced past ${force.join(', ')}`
}

/** Links that a start makes true by itself when it is planned together with the domain. */
const MADE_BY_THE_PLAN: readonly LinkName[] = ['config', 'export']

/**
 * Verifies every link of the guests that a plan starts; one that fails is refused unless it is forced by name.
 *
 * `isNew` guests have no config and no export yet: the plan itself makes them.
 */
export async function checkStarts(
  tools: Tools,
  inventory: Inventory,
  guests: readonly Guest[],
  {
    claims,
    fences,
    force,
    isNew,
  }: { claims: Claims; fences: Fences; force: readonly string[]; isNew: boolean },
): Promise<Checked> {
  if (guests.length === 0) return { refusals: [], warnings: [] }
  const factsOf = await gatherBootFacts(tools, inventory, guests, {
    claims,
    fences,
    mount: !isNew,
  })
  const checked = guests.map((guest) => {
    const links = verifyGuest(guest, factsOf(guest)).filter(
      ({ link }) => !(isNew && MADE_BY_THE_PLAN.includes(link)),
    )
    const place = ({ link }: Link) => `domains/${guest.domain.name}/${link}`
    const problem = (link: Link): Problem => ({ path: place(link), message: textOf(link) })
    const failed = links.filter(({ status }) => status === 'fail')
    return {
      refusals: failed.filter(({ link }) => !force.includes(link)).map(problem),
      warnings: [
        ...failed
          .filter(({ link }) => force.includes(link))
          .map((link) => ({ path: place(link), message: `forced: ${link.detail}` })),
        ...links.filter(({ status }) => status === 'warn').map(problem),
      ],
    }
  })
  return {
    refusals: checked.flatMap(({ refusals }) => refusals),
    warnings: checked.flatMap(({ warnings }) => warnings),
  }
}

const textOf = ({ detail, fix }: Link) => (fix === undefined ? detail : `${detail}; fix: ${fix}`)
