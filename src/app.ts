import { existsSync, mkdirSync } from 'node:fs'
import { userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import type { Settings } from './config.ts'
import { DomusError } from './errors.ts'
import { loadKernelData } from './kernel-data.ts'
import { localUnpackers } from './kernel-programs.ts'
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
    unpackers: localUnpackers,
    dhcp: {
      ports: { server: settings.dhcp.serverPort, client: settings.dhcp.clientPort },
      rivals: () => [],
      silence: () => ({ why: 'no domus serve runs here to give it', fix: 'run domus serve' }),
    },
    now: () => new Date(),
    note: (text) => process.stderr.write(`domus: ${text}\n`),
    close,
  }
}

/**
 * Wires the whole program.
 *
 * With `isReader` nothing is made: where there is no database yet, an empty one in memory stands for it, so that a
 * plan can be shown without any state.
 */
export async function openApp(settings: Settings, { isReader = false } = {}): Promise<App> {
  const tools = openTools(settings)
  const store = await openStore(isReader && !hasDatabase(settings) ? 'sqlite::memory:' : prepared(settings))
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

/** Whether anything may have been recorded yet. */
export const hasDatabase = ({ database }: Settings) =>
  !database.startsWith('sqlite:') || existsSync(database.slice('sqlite:'.length))

/** Makes the state folder. @throws DomusError 'command-failed' naming it */
function prepared({ data, socket, database }: Settings): string {
  try {
    mkdirSync(data, { recursive: true, mode: 0o700 })
    mkdirSync(dirname(socket), { recursive: true })
  } catch (cause) {
    throw new DomusError('command-failed', `cannot make the state folder ${data}; DOMUS_DATA names another`, {
      cause,
    })
  }
  return database
}
