import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import type { LabSettings } from '../settings.ts'
import type { Run } from './artefact.ts'

export const LINUX_SOURCE = 'linux-source-6.1'

/**
 * Where kernels are built one after the other: Debian's kernel source, unpacked once (1.3 GB), and one folder of
 * objects, of which the next kernel compiles anew only what its configuration changes.
 *
 * It belongs to one process: kernels built by two at once do not meet.
 */
export interface KernelWorkshop {
  /** Unpacks the source, if nobody has yet. */
  open(run: Run): Promise<{ readonly source: string; readonly objects: string }>
  /** Throws all of it away. */
  close(): Promise<void>
}

export function kernelWorkshop(lab: LabSettings): KernelWorkshop {
  const folder = join(lab.cacheFolder, `kernel-workshop.part-${process.pid}`) // swept up after a kill
  const [source, objects] = [join(folder, 'source'), join(folder, 'objects')]
  let unpacked: Promise<void> | undefined
  const unpack = async (run: Run) => {
    for (const empty of [source, objects]) await mkdir(empty, { recursive: true })
    await run('tar', ['xf', `/usr/src/${LINUX_SOURCE}.tar.xz`, '-C', source, '--strip-components=1'])
  }
  return {
    open: async (run) => {
      unpacked ??= unpack(run)
      await unpacked
      return { source, objects }
    },
    close: () => rm(folder, { recursive: true, force: true }),
  }
}

/** The version of Debian's package, such as 6.1.176-1. */
export async function sourceVersion(): Promise<string> {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg's own notation
  const { stdout } = await execa('dpkg-query', ['-W', '-f', '${Version}', LINUX_SOURCE])
  return stdout
}
