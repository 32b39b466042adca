import { mkdir, mkdtemp, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { ApplyContext } from '../../../src/apply/context.ts'
import { localMachine } from '../../../src/machine/local.ts'
import type { Step } from '../../../src/plan/plan.ts'
import { openStore } from '../../../src/store/open.ts'
import { toolstacks } from '../../../src/toolstack/kinds.ts'
import { CONFIG, record, UUID } from '../../integration/apply/world.ts'

const FAKE_XL = resolve(import.meta.dirname, '../../fakes/fake-xl.sh')

/** A folder with a program xl and a file that a plan will remove. */
export async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'domus-kill-'))
  await mkdir(join(folder, 'bin'))
  await symlink(FAKE_XL, join(folder, 'bin/xl'))
  await localMachine().writeFile(join(folder, 'old'), { content: 'old', mode: 0o640 })
  return folder
}

/** What a process works with: this machine, real files, and a real database, all in the folder. */
export async function openFolder(folder: string): Promise<ApplyContext> {
  const machine = localMachine({
    env: { PATH: `${folder}/bin:${process.env.PATH}`, FAKE_XL_STATE: `${folder}/domains` },
  })
  return {
    machines: () => machine,
    store: await openStore(`sqlite:${folder}/state.db`),
    toolstack: toolstacks.xl,
    now: () => new Date(),
  }
}

const HERE = { on: 'h1', machine: 'local' } as const

/** A step of every kind that changes something here. */
export const stepsIn = (folder: string): Step[] => [
  {
    kind: 'write',
    ...HERE,
    path: `${folder}/new/menas.cfg`,
    content: CONFIG,
    mode: 0o600,
    before: { kind: 'absent' },
    reload: [['touch', `${folder}/reloaded`]],
  },
  { kind: 'run', ...HERE, argv: ['mkdir', `${folder}/made`], undo: ['rmdir', `${folder}/made`] },
  { kind: 'start', ...HERE, domain: 'menas', uuid: UUID, argv: ['xl', 'create', `${folder}/new/menas.cfg`] },
  { kind: 'remove', ...HERE, path: `${folder}/old`, before: { kind: 'file', content: 'old', mode: 0o640 } },
  record(),
]
