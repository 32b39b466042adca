import { existsSync } from 'node:fs'
import { readFile, rm, stat } from 'node:fs/promises'
import { ExecaError } from 'execa'
import { expect, test } from 'vitest'
import { recoverOperations } from '../../../src/apply/recover.ts'
import { listResources } from '../../../src/store/inventory.ts'
import { listOperations } from '../../../src/store/operations.ts'
import { makeFolder, openFolder } from './real-world.ts'
import { startNode } from './start-node.ts'

/** What of the plan is there: all, nothing, or a list of what there is of it. */
async function traces(folder: string, hosts: number): Promise<string | string[]> {
  const domains = existsSync(`${folder}/domains`) ? await readFile(`${folder}/domains`, 'utf8') : ''
  const found = [
    existsSync(`${folder}/new`) && 'config',
    existsSync(`${folder}/made`) && 'folder',
    domains !== '' && 'domain',
    !existsSync(`${folder}/old`) && 'removal',
    hosts > 0 && 'record',
  ].filter((trace) => trace !== false)
  return found.length === 5 ? 'all' : found.length === 0 ? 'nothing' : found
}

/** What became of a process that was to be killed; any other failure is one of the test. */
function killed(error: unknown): ExecaError {
  if (error instanceof ExecaError && error.signal === 'SIGKILL') return error
  throw error
}

/** Kills a process that carries out the plan, and lets the next one recover. */
async function killAndRecover(what: 'sql' | 'step', count: number) {
  const folder = await makeFolder()
  const child = await startNode('killed.ts', folder, what, String(count)).catch(killed)
  const context = await openFolder(folder)
  const recovered = await recoverOperations(context)
  const [operation] = await listOperations(context.store)
  const hosts = await listResources(context.store, 'hosts')
  const found = await traces(folder, hosts.length)
  const isOldWhole = existsSync(`${folder}/old`) && (await stat(`${folder}/old`)).mode & 0o777
  await context.store.close()
  await rm(folder, { recursive: true })
  const recovery = recovered[0]?.outcome?.outcome
  return { signal: child.signal, printed: child.stdout, recovery, state: operation?.state, found, isOldWhole }
}

const UNDONE = {
  signal: 'SIGKILL',
  recovery: 'rolled-back',
  state: 'rolled-back',
  found: 'nothing',
  isOldWhole: 0o640,
}

test('killed -9 before and after each of five steps, the next process puts everything back', {
  timeout: 300_000,
}, async () => {
  for (let count = 0; count < 10; count += 2) {
    const pair = await Promise.all([killAndRecover('step', count), killAndRecover('step', count + 1)])
    expect(pair).toMatchObject([UNDONE, UNDONE])
  }
  expect(await killAndRecover('step', 10)).toMatchObject({ printed: 'done', state: 'done', found: 'all' })
})

test('killed -9 at statements of the database, all is there or nothing, as the journal says', {
  timeout: 300_000,
}, async () => {
  const ends = []
  for (let count = 0; count < 36; count += 9) {
    ends.push(...(await Promise.all([killAndRecover('sql', count), killAndRecover('sql', count + 4)])))
  }
  for (const { state, found } of ends) {
    expect(found).toBe(state === 'done' ? 'all' : 'nothing')
    expect(['done', 'rolled-back', undefined]).toContain(state) // undefined: killed before the operation began
  }
  expect(ends.filter(({ signal }) => signal === 'SIGKILL').length).toBeGreaterThan(5)
})
