import { mkdirSync } from 'node:fs'
import { userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import type { Settings } from './config.ts'
import { loadKernelData } from './kernel-data.ts'
import { openMachines } from './machine/machines.ts'
import type { App, Tools } from './service/app.ts'
import { openStore } from './store/open.ts'
import { loadTemplates } from './templates.ts'
import { fileVerdictCache } from './verdict-cache.ts'

/** Wires what works without a database; with openApp the only place that knows every room. */
export function openTools(settings: Settings): Tools {
  const { machines, close } = openMachines({
    ...(settings.sshConfig !== undefined && { sshConfig: settings.sshConfig }),
  })
  return {
    machines,
    templates: loadTemplates(settings.templates),
    site: settings.site,
    isolation: settings.isolation,
    kernelData: () => loadKernelData(),
    verdicts: fileVerdictCache(join(settings.data, 'kernel-verdicts')),
    now: () => new Date(),
    close,
  }
}

/** Wires the whole program; makes the state folder when there is none. */
export async function openApp(settings: Settings): Promise<App> {
  const tools = openTools(settings)
  mkdirSync(settings.data, { recursive: true, mode: 0o700 })
  mkdirSync(dirname(settings.socket), { recursive: true })
  const store = await openStore(settings.database)
  return {
    ...tools,
    store,
    who: userInfo().username,
    async close() {
      await store.close()
      await tools.close()
    },
  }
}
