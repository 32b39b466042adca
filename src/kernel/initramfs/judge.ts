import type { Subject } from '../judge.ts'
import type { KernelRequest } from '../request.ts'
import type { Finding } from '../verdict.ts'
import { parseVersion } from '../version.ts'
import type { InitramfsFacts } from './facts.ts'
import { generatorOf, hasFile } from './generator.ts'
import type { Generator, InitramfsTable, ModuleNeed } from './table.ts'

/** The kernel an initramfs is judged with. */
export interface ForKernel {
  /** The exact release, from the image; undefined when only a configuration was given. */
  readonly release: string | undefined
  readonly subject: Subject
}

/** Says what an initramfs lacks to mount the root of this request over NFS with this kernel. */
export function initramfsFindings(
  facts: InitramfsFacts,
  kernel: ForKernel,
  request: KernelRequest,
  table: InitramfsTable,
): readonly Finding[] {
  const generator = generatorOf(facts, table)
  if (generator === undefined) return []
  return [
    ...generator.needs.flatMap((need) => needFinding(need, facts, generator, request)),
    ...(generator.refuses ?? []).flatMap((refusal) => refusalFinding(refusal, facts, generator, request)),
    ...moduleFindings(facts, kernel, request, table),
  ]
}

function needFinding(
  { what, anyOf, when, fix, symptom }: Generator['needs'][number],
  facts: InitramfsFacts,
  generator: Generator,
  request: KernelRequest,
): readonly Finding[] {
  if (!applies(when, request) || hasFile(facts, anyOf)) return []
  const why = `Made by ${generator.name}, which mounts the root with it. ${fix}`
  return [finding({ want: what, have: 'absent', why, symptom })]
}

function refusalFinding(
  { when, unless = [], why, symptom }: NonNullable<Generator['refuses']>[number],
  facts: InitramfsFacts,
  generator: Generator,
  request: KernelRequest,
): readonly Finding[] {
  if (!applies(when, request) || hasFile(facts, unless)) return []
  const want = `one that can do ${describeRequest(when, request)}`
  return [finding({ want, have: generator.name, why, symptom })]
}

function moduleFindings(
  facts: InitramfsFacts,
  kernel: ForKernel,
  request: KernelRequest,
  table: InitramfsTable,
): readonly Finding[] {
  const { have } = kernel.subject
  const needed = table.modules.filter(
    ({ symbol, onlyWith, when }) =>
      have(symbol) === 'm' && applies(when, request) && (onlyWith === undefined || have(onlyWith) === 'y'),
  )
  if (needed.length === 0) return isForAnother(facts, kernel) ? [uselessModules(facts, kernel)] : []
  const modules = modulesFor(facts, kernel)
  if (modules === undefined) return [wrongVersion(facts, kernel)]
  return needed.filter(({ module }) => !modules.has(module)).map(missingModule)
}

function missingModule({ module, symbol, why, symptom }: ModuleNeed): Finding {
  return finding({
    want: `${module}.ko`,
    have: 'absent',
    why: `${why} CONFIG_${symbol}=m, so the module must be in the initramfs.`,
    symptom,
  })
}

/** The modules for this kernel; by its exact release, or by its series when only its configuration is known. */
function modulesFor(
  { modules }: InitramfsFacts,
  { release, subject }: ForKernel,
): ReadonlySet<string> | undefined {
  if (release !== undefined) return modules.get(release)
  const [, found] =
    [...modules].find(([each]) => {
      const version = parseVersion(each)
      return version?.[0] === subject.version?.[0] && version?.[1] === subject.version?.[1]
    }) ?? []
  return found
}

function wrongVersion({ modules }: InitramfsFacts, { release, subject }: ForKernel): Finding {
  return finding({
    want: `modules for ${release ?? `${subject.version?.slice(0, 2).join('.')}`}`,
    have: modules.size === 0 ? 'no modules' : `modules for ${[...modules.keys()].join(', ')}`,
    why: 'A kernel loads only the modules of its own release: the initramfs must be made for this very kernel.',
    symptom: 'modprobe finds nothing; after three minutes "Network device did not appear in time".',
  })
}

/** It holds modules, and none for this release. */
const isForAnother = ({ modules }: InitramfsFacts, { release }: ForKernel): boolean =>
  release !== undefined && modules.size > 0 && !modules.has(release)

function uselessModules(facts: InitramfsFacts, kernel: ForKernel): Finding {
  return {
    ...wrongVersion(facts, kernel),
    severity: 'warn',
    why: 'The initramfs was made for another kernel. This one has built in what the root takes, and loads none of its modules.',
    symptom: 'modprobe finds nothing; the root is mounted all the same.',
  }
}

function finding(parts: Pick<Finding, 'want' | 'have' | 'why' | 'symptom'>): Finding {
  return {
    symbol: 'initramfs',
    severity: 'error',
    neededFor: ['initramfs'],
    menu: [],
    blockedBy: [],
    ...parts,
  }
}

type Conditions = {
  nfs?: readonly string[] | undefined
  boot?: readonly string[] | undefined
  transport?: readonly string[] | undefined
}

function applies(when: Conditions | undefined, request: KernelRequest): boolean {
  if (when?.nfs !== undefined && !when.nfs.includes(request.nfs ?? '3')) return false
  if (when?.boot !== undefined && !when.boot.includes(request.boot ?? 'static')) return false
  return when?.transport === undefined || when.transport.includes(request.transport ?? 'tcp')
}

function describeRequest(when: Conditions, { nfs = '3', boot = 'static' }: KernelRequest): string {
  return [...(when.nfs ? [`NFS ${nfs}`] : []), ...(when.boot ? [`address by ${boot}`] : [])].join(', ')
}
