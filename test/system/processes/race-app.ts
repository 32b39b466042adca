import { mkdirSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { loadKernelData } from '../../../src/kernel-data.ts'
import { localMachine } from '../../../src/machine/local.ts'
import type { App } from '../../../src/service/app.ts'
import { openStore } from '../../../src/store/open.ts'
import { templatesWith } from '../../builders/templates.ts'

const FAKE_XL = resolve(import.meta.dirname, '../../fakes/fake-xl.sh')

/** Makes what several processes work on: a folder that plays the root of a machine, with an xl. */
export function prepareRace(folder: string): void {
  mkdirSync(join(folder, 'root'))
  mkdirSync(join(folder, 'bin'))
  symlinkSync(FAKE_XL, join(folder, 'bin/xl'))
  // No systemd, whatever this machine has.
  symlinkSync('/bin/false', join(folder, 'bin/test'))
}

/** The program on the database of that folder, as a service or a command line has it. */
export async function openRaceApp(folder: string): Promise<App> {
  const root = join(folder, 'root')
  const env = {
    PATH: `${folder}/bin:${process.env.PATH}`,
    FAKE_XL_STATE: join(folder, 'domains'),
    FAKE_XL_ROOT: root,
  }
  const machine = localMachine({ root, env })
  const store = await openStore(`sqlite:${folder}/domus.db`)
  return {
    machines: () => machine,
    templates: templatesWith(),
    site: 'test',
    isolation: 'warn',
    kernelData: () => loadKernelData(),
    unpackers: {},
    dhcp: { ports: { server: 67, client: 68 }, rivals: () => [], silence: () => undefined },
    verdicts: { get: () => undefined, put: () => undefined },
    now: () => new Date(),
    note: () => undefined,
    store,
    who: 'racer',
    close: () => store.close(),
  }
}
