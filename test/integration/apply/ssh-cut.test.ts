import { existsSync } from 'node:fs'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { applyPlan } from '../../../src/apply/apply.ts'
import type { ApplyContext } from '../../../src/apply/context.ts'
import { retryUndo } from '../../../src/apply/settle.ts'
import type { Machine } from '../../../src/machine/machine.ts'
import { sshMachine } from '../../../src/machine/ssh.ts'
import { openStore } from '../../../src/store/open.ts'
import { toolstacks } from '../../../src/toolstack/kinds.ts'
import { plan, REQUEST, write } from './world.ts'

const FAKE_SSH = resolve(import.meta.dirname, '../../fakes/fake-ssh.sh')

let dir: string
let machine: Machine
let context: ApplyContext
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'domus-cut-'))
  await writeFile(`${dir}/ssh`, `#!/bin/sh\nexport FAKE_SSH_FAIL='${dir}/cut'\nexec ${FAKE_SSH} "$@"\n`)
  await chmod(`${dir}/ssh`, 0o755)
  await writeFile(`${dir}/file`, 'old')
  machine = sshMachine('ssh://h1', { command: `${dir}/ssh` })
  const store = await openStore('sqlite::memory:')
  context = { machines: () => machine, store, toolstack: toolstacks.xl, now: () => new Date() }
})
afterEach(async () => {
  await machine.close()
  await context.store.close()
  await rm(dir, { recursive: true })
})

// The first reload cuts the connection: the new file is in place, and its reader was perhaps not told.
function step(cut: 'once' | 'for good') {
  const said = `Connection to h1 closed by remote host.\\n${cut === 'once' ? '\\n' : ''}`
  const script = `[ -e ${dir}/told ] || { touch ${dir}/told; printf '${said}' >${dir}/cut; }`
  return write({
    path: `${dir}/file`,
    content: 'new',
    before: { kind: 'file', content: 'old', mode: 0o644 },
    reload: [['sh', '-c', script]],
  })
}

test('a connection cut between the rename and the reload: the old file comes back', async () => {
  const outcome = await applyPlan(plan(step('once')), REQUEST, context)
  expect(outcome).toMatchObject({ outcome: 'rolled-back', lookAt: [], error: { code: 'unreachable' } })
  expect(await readFile(`${dir}/file`, 'utf8')).toBe('old')
})

test('a connection that stays cut: stuck, with the path to look at, and settled when it is back', async () => {
  const outcome = await applyPlan(plan(step('for good'), write({ path: `${dir}/other` })), REQUEST, context)
  expect(outcome).toMatchObject({
    outcome: 'stuck',
    error: { code: 'stuck' },
    lookAt: [expect.stringContaining(`could not undo: write ${dir}/file on h1: cannot reach ssh://h1`)],
  })
  expect(await readFile(`${dir}/file`, 'utf8')).toBe('new')
  expect(existsSync(`${dir}/other`)).toBe(false)
  await rm(`${dir}/cut`)
  expect(await retryUndo(context, 1)).toMatchObject({ outcome: 'rolled-back' })
  expect(await readFile(`${dir}/file`, 'utf8')).toBe('old')
})
