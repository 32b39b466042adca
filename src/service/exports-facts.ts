import type { Machine } from '../machine/machine.ts'
import type { NfsServer } from '../model/server.ts'
import { type ServerFacts, unknownFacts } from '../nfs/facts.ts'
import { EXPORTS_FILE } from '../nfs/freebsd-file.ts'
import { readLook as readFreebsdLook } from '../nfs/freebsd-reading.ts'
import { lookArgv as freebsdLookArgv } from '../nfs/freebsd-scripts.ts'
import { DROP_IN, KEPT_DROP_IN } from '../nfs/linux-file.ts'
import { readLook } from '../nfs/linux-reading.ts'
import { lookArgv } from '../nfs/linux-scripts.ts'
import { readMountd } from '../nfs/mountd.ts'
import type { FileFact } from '../plan/plan.ts'
import { orReason } from './look/ask.ts'

const TIMEOUT_MS = 60_000

/**
 * Looks at one NFS server: two small files and one command, however many paths there are.
 *
 * Never throws: what cannot be looked at is unknown, with the reason. `running` is for the caller to fill in.
 */
export async function gatherExportFacts(
  machine: Machine,
  server: NfsServer,
  paths: readonly string[],
): Promise<ServerFacts> {
  switch (server.kind) {
    case 'linux':
      return gatherLinux(machine, paths)
    case 'freebsd':
      return gatherFreebsd(machine, paths)
    case 'ganesha':
    case 'print':
      return unknownFacts(`domus does not look at a server of kind ${server.kind}`)
  }
}

async function gatherLinux(machine: Machine, paths: readonly string[]): Promise<ServerFacts> {
  const [file, kept, look] = await Promise.all([
    readFact(machine, DROP_IN),
    readFact(machine, KEPT_DROP_IN),
    orReason(machine.run(lookArgv(DROP_IN), { input: paths.join('\n'), timeoutMs: TIMEOUT_MS })),
  ])
  if (typeof look === 'string') return { ...unknownFacts(look), file, kept }
  return { ...unknownFacts('nobody asked'), file, kept, ...readLook(look.stdout, paths) }
}

/** The administrator's directories are looked at too: on FreeBSD the file systems they share with ours matter. */
async function gatherFreebsd(machine: Machine, paths: readonly string[]): Promise<ServerFacts> {
  const file = await readFact(machine, EXPORTS_FILE)
  const declared = file.kind === 'file' ? readMountd(file.content, () => undefined).exports : []
  const theirs = declared.flatMap(({ directories }) => directories).filter((path) => isPlain(path))
  const all = [...new Set([...paths, ...theirs])]
  const look = await orReason(machine.run(freebsdLookArgv, { input: all.join('\n'), timeoutMs: TIMEOUT_MS }))
  const kept = { kind: 'absent' } as const
  if (typeof look === 'string') return { ...unknownFacts(look), file, kept }
  return { ...unknownFacts('nobody asked'), file, kept, ...readFreebsdLook(look.stdout, all) }
}

// What xargs would not take for something else; others are not looked at.
const isPlain = (path: string) => /^\/[A-Za-z0-9._+@:=/-]*$/.test(path)

async function readFact(machine: Machine, path: string): Promise<FileFact> {
  const state = await orReason(machine.readFile(path))
  if (typeof state === 'string') return { kind: 'unknown', reason: state }
  return state === undefined ? { kind: 'absent' } : { kind: 'file', content: state.content, mode: state.mode }
}
