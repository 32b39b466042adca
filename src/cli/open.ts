import type { Command } from 'commander'
import type { Settings } from '../config.ts'
import type { Jobs } from '../service/jobs.ts'

/** The settings that the options of the whole program choose. */
export async function settingsOf(command: Command): Promise<Settings> {
  const { loadSettings } = await import('../config.ts')
  return loadSettings(command.optsWithGlobals<{ config?: string }>().config)
}

/** Runs a job through the service's socket when one runs, else in this process. A `reader` makes no state. */
export async function withJobs<T>(
  command: Command,
  use: (jobs: Jobs) => Promise<T>,
  role: 'reader' | 'writer' = 'writer',
): Promise<T> {
  const settings = await settingsOf(command)
  const { remoteJobs } = await import('./remote.ts')
  const jobs = (await remoteJobs(settings.socket)) ?? (await inProcess(settings, role === 'reader'))
  try {
    return await use(jobs)
  } finally {
    await jobs.close()
  }
}

async function inProcess(settings: Settings, isReader: boolean): Promise<Jobs> {
  const { openApp } = await import('../app.ts')
  const { localJobs } = await import('../service/local-jobs.ts')
  return localJobs(await openApp(settings, { isReader }))
}

/** The UDP ports of DHCP servers and clients. */
export const dhcpPortsOf = ({ dhcp }: Settings) => ({ server: dhcp.serverPort, client: dhcp.clientPort })

/** Reads a site document: a file, or `-` for standard input. */
export async function readDocument(file: string): Promise<unknown> {
  const { readFile } = await import('node:fs/promises')
  const { text } = await import('node:stream/consumers')
  const { parseSiteText } = await import('../service/document.ts')
  const { DomusError } = await import('../errors.ts')
  if (file === '-') return await parseSiteText(await text(process.stdin), 'standard input')
  try {
    return await parseSiteText(await readFile(file, 'utf8'), file)
  } catch (cause) {
    if (cause instanceof DomusError) throw cause
    throw new DomusError('invalid-input', `cannot read ${file}`, { cause })
  }
}
