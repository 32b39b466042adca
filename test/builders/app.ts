import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import type { KernelVerdict } from '../../src/kernel/verdict.ts'
import { loadKernelData } from '../../src/kernel-data.ts'
import type { App } from '../../src/service/app.ts'
import { openStore } from '../../src/store/open.ts'
import { installXen } from '../fakes/fake-xen.ts'
import { MemoryMachine, memoryMachines } from '../fakes/memory-machine.ts'
import { templatesWith } from './templates.ts'

/** The program on a store of its own and one machine in memory that has Xen; its folder goes when it is closed. */
export async function openTestApp(over: Partial<App> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'domus-app-'))
  const store = await openStore(`sqlite:${join(folder, 'domus.db')}`)
  const machine = new MemoryMachine()
  const xen = installXen(machine)
  const verdicts = new Map<string, KernelVerdict>()
  const app: App = {
    machines: memoryMachines(machine),
    templates: templatesWith(),
    site: 'test',
    isolation: 'warn',
    kernelData: () => loadKernelData(),
    verdicts: { get: (key) => verdicts.get(key), put: (key, verdict) => void verdicts.set(key, verdict) },
    unpackers: {},
    dhcp: { ports: { server: 67, client: 68 }, rivals: () => [], silence: () => undefined },
    now: () => new Date('2026-11-23T06:00:00Z'),
    note: () => undefined,
    store,
    who: userInfo().username,
    async close() {
      await store.close()
      rmSync(folder, { recursive: true })
    },
    ...over,
  }
  return { app, machine, xen, folder }
}
