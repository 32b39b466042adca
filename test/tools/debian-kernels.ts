import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { access, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const execute = promisify(execFile)
const OUTPUT = { maxBuffer: 64 << 20 }

/** Runs a program and returns what it prints. @throws Error with its own words when it fails */
export async function run(
  argv: readonly [string, ...string[]],
  options: { cwd?: string; env?: Record<string, string> } = {},
) {
  const [program, ...words] = argv
  const env = { ...process.env, LC_ALL: 'C', ...options.env }
  const { stdout } = await execute(program, words, {
    ...OUTPUT,
    ...(options.cwd && { cwd: options.cwd }),
    env,
  })
  return stdout
}

/** A kernel as Debian ships it, unpacked and not installed. */
export interface DebianKernel {
  readonly release: string
  readonly image: string
  readonly config: string
  /** Holds `boot`, and `lib/modules/RELEASE` when that was asked for: it is 20 times as large. */
  readonly folder: string
}

/**
 * Fetches the kernel that a meta package such as `linux-image-cloud-amd64` stands for, or that package itself,
 * and unpacks it in the user's cache folder.
 *
 * @throws Error when apt-get knows no such package or cannot fetch it
 */
export async function debianKernel(
  meta: string,
  { withModules = false }: { withModules?: boolean } = {},
): Promise<DebianKernel> {
  const name = await realPackage(meta)
  const what = withModules ? 'with-modules' : 'image'
  const folder = await cached(`${name}-${await versionOf(name)}-${what}`, async (empty) => {
    await unpackPackage(name, empty)
    if (!withModules) await rm(join(empty, 'lib'), { recursive: true, force: true })
  })
  return kernelIn(folder)
}

/** The kernel package that a meta package stands for now, with its version. */
export async function kernelPackage(meta: string): Promise<{ name: string; version: string }> {
  const name = await realPackage(meta)
  return { name, version: await versionOf(name) }
}

/** Fetches a kernel package and unpacks it, modules and all, in an empty folder. */
export async function unpackKernel(name: string, empty: string): Promise<DebianKernel> {
  await unpackPackage(name, empty)
  return kernelIn(empty)
}

async function unpackPackage(name: string, empty: string): Promise<void> {
  await run(['apt-get', 'download', '-q', name], { cwd: empty })
  const [file] = await readdir(empty)
  if (file === undefined) throw new Error(`apt-get download fetched nothing for ${name}`)
  await run(['dpkg-deb', '-x', join(empty, file), empty])
  await rm(join(empty, file))
}

async function kernelIn(folder: string): Promise<DebianKernel> {
  const image = (await readdir(join(folder, 'boot'))).find((file) => file.startsWith('vmlinuz-'))
  if (image === undefined) throw new Error(`${folder} holds no kernel`)
  const release = image.replace('vmlinuz-', '')
  return {
    release,
    folder,
    image: join(folder, 'boot', image),
    config: join(folder, 'boot', `config-${release}`),
  }
}

/** The newest kernel package whose name fits, such as those of a backported series; undefined where apt knows none. */
export async function newestPackage(pattern: RegExp): Promise<string | undefined> {
  const names = (await run(['apt-cache', 'pkgnames', 'linux-image-']))
    .split('\n')
    .filter((name) => pattern.test(name))
  return names.toSorted((a, b) => b.localeCompare(a, 'en', { numeric: true }))[0]
}

/** What configuring a kernel needs of Debian's linux-source: Kconfig files, scripts and makefiles. */
export async function kernelSource(series = '6.1'): Promise<string> {
  const archive = `/usr/src/linux-source-${series}.tar.xz`
  const { size, mtimeMs } = await stat(archive).catch(() => {
    throw new Error(`no ${archive}: install the Debian package linux-source-${series}`)
  })
  const parts = [
    '*/Kconfig*',
    '*/scripts/*',
    '*/Makefile*',
    '*/Kbuild*',
    '*/arch/x86/*',
    '*/kernel/configs/*',
  ]
  const folder = await cached(`linux-source-${series}-${size}-${Math.floor(mtimeMs)}`, (empty) =>
    run(['tar', '-xf', archive, '-C', empty, '--wildcards', ...parts]),
  )
  return join(folder, `linux-source-${series}`)
}

/** Keeps what takes long to make in the user's cache folder; `make` fills an empty folder. */
export async function cached(name: string, make: (empty: string) => Promise<unknown>): Promise<string> {
  const caches = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'domus', 'kernel-tests')
  const key = createHash('sha256').update(name).digest('hex').slice(0, 8)
  const folder = join(caches, `${name.replaceAll(/[^\w.-]/g, '_')}-${key}`)
  const isThere = await access(join(folder, '.complete')).then(
    () => true,
    () => false,
  )
  if (isThere) return folder
  const draft = `${folder}.${process.pid}`
  await rm(draft, { recursive: true, force: true })
  await mkdir(draft, { recursive: true })
  await make(draft)
  await writeFile(join(draft, '.complete'), '')
  await rm(folder, { recursive: true, force: true })
  await rename(draft, folder)
  return folder
}

async function realPackage(meta: string): Promise<string> {
  const depends = await run(['apt-cache', 'depends', '--no-recommends', '--no-suggests', meta])
  return /^\s*Depends: (linux-image-\d\S*)$/m.exec(depends)?.[1] ?? meta
}

async function versionOf(name: string): Promise<string> {
  const shown = await run(['apt-cache', 'show', '--no-all-versions', name])
  const version = /^Version: (\S+)$/m.exec(shown)?.[1]
  if (version === undefined) throw new Error(`apt-cache knows no version of ${name}; run apt-get update`)
  return version
}
