import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { bzImage } from '../builders/kernel-image.ts'
import { cached, type DebianKernel, debianKernel, kernelSource, run } from '../tools/debian-kernels.ts'
import { type Area, median } from './area.ts'

const RUNS = 7
const root = join(import.meta.dirname, '../..')
/**
 * `kernel check` of a bzImage against the kernel's own `extract-ikconfig | grep`, both as whole programs, on the
 * same image: Debian's cloud kernel with its configuration put inside at the very end, which is our worst case.
 */
export const area: Area = {
  name: 'kernel',
  async run() {
    const folder = await mkdtemp(join(tmpdir(), 'domus-bench-'))
    try {
      return await measure(folder)
    } finally {
      await rm(folder, { recursive: true })
    }
  },
}

const PACKERS: Readonly<Record<string, readonly [string, ...string[]]>> = {
  gzip: ['gzip', '-9', '-c'],
  zstd: ['zstd', '-q', '-19', '--long=27', '-c'],
  lz4: ['lz4', '-q', '-l', '-9', '-c'],
  xz: ['xz', '-c', '--check=crc32', '--x86', '--lzma2=dict=32MiB'],
}

async function measure(folder: string) {
  const program = await installed(folder)
  const domus = (path: string): Argv => [process.execPath, program, 'kernel', 'check', path, '--json']
  const figures: Record<string, number> = {}
  const ratios: Record<string, number> = {}
  const kernel = await debianKernel('linux-image-cloud-amd64')
  const extract = join(await kernelSource(), 'scripts/extract-ikconfig')
  for (const name of Object.keys(PACKERS)) {
    console.error(`kernel: a bzImage with ${name}`)
    const image = await selfDescribing(kernel, name)
    const grep = [
      'sh',
      '-c',
      `'${extract}' '${image}' | grep -E 'CONFIG_(ROOT_NFS|IP_PNP|NFS_FS|XEN)\\b'`,
    ] as const
    const [ours, theirs] = await compare(domus(image), grep)
    figures[`${name}CheckMs`] = ours.ms
    figures[`${name}CheckCpuMs`] = ours.cpuMs
    figures[`${name}ExtractIkconfigMs`] = theirs.ms
    figures[`${name}ExtractIkconfigCpuMs`] = theirs.cpuMs
    figures[`${name}PeakMiB`] = await peakMiB(domus(image))
    ratios[name] = ours.ms / theirs.ms
  }
  const config = join(folder, 'config')
  await copyFile(kernel.config, config)
  const [check, start] = await compare(domus(config), [process.execPath, '-e', '0'])
  figures.configCheckMs = check.ms
  figures.configCheckCpuMs = check.cpuMs
  figures.nodeStartCpuMs = start.cpuMs
  figures.configCheckCpuBeyondNodeMs = check.cpuMs - start.cpuMs
  figures.configPeakMiB = await peakMiB(domus(config))
  return { figures, ratios }
}

/** The program as it is packed and installed: launcher, compiled code, data. */
async function installed(folder: string): Promise<string> {
  const compiler = join(root, 'node_modules/.bin/tsc')
  await run([compiler, '-p', root, '--outDir', join(folder, 'dist')])
  for (const name of ['package.json', 'node_modules', 'kernel-configs']) {
    await symlink(join(root, name), join(folder, name))
  }
  const launcher = join(folder, 'src')
  await mkdir(launcher)
  for (const name of ['domus.js', 'quick-resolve.js']) {
    await copyFile(join(root, 'src', name), join(launcher, name))
  }
  return join(launcher, 'domus.js')
}

/** An image that carries its configuration, made once. */
async function selfDescribing(kernel: DebianKernel, name: string): Promise<string> {
  const folder = await cached(`bench-${name}-${kernel.release}`, async (empty) => {
    const vmlinux = join(empty, 'vmlinux')
    const extract = join(await kernelSource(), 'scripts/extract-vmlinux')
    await run(['sh', '-c', '"$1" "$2" > "$3"', 'sh', extract, kernel.image, vmlinux])
    const config = gzipSync(await readFile(kernel.config))
    await writeFile(vmlinux, Buffer.concat([Buffer.from('IKCFG_ST'), config, Buffer.from('IKCFG_ED')]), {
      flag: 'a',
    })
    const [packer, ...words] = PACKERS[name] ?? ['cat']
    const packed = join(empty, 'packed')
    await run(['sh', '-c', '"$@" < "$0" > "$OUT"', vmlinux, packer, ...words], { env: { OUT: packed } })
    const size = Buffer.alloc(4)
    size.writeUInt32LE((await readFile(vmlinux)).length)
    const payload = Buffer.concat([await readFile(packed), ...(name === 'gzip' ? [] : [size])])
    const banner = /Linux version ([\d.]+-\S+ \(.*?\)) .*?(#1 .*)\n/.exec(await readFile(vmlinux, 'latin1'))
    await writeFile(join(empty, 'bzImage'), bzImage(payload, { banner: `${banner?.[1]} ${banner?.[2]}` }))
    await rm(vmlinux)
    await rm(packed)
  })
  return join(folder, 'bzImage')
}

interface Taken {
  readonly ms: number
  readonly cpuMs: number
}

/** Medians of both, run by turns, so that the load of the machine hits both alike. */
async function compare(ours: Argv, theirs: Argv): Promise<[Taken, Taken]> {
  const taken: [Taken[], Taken[]] = [[], []]
  for (let turn = -1; turn < RUNS; turn++) {
    const both = [await timed(ours), await timed(theirs)] as const
    if (turn === -1) continue // fills the caches
    taken[0].push(both[0])
    taken[1].push(both[1])
  }
  return [medians(taken[0]), medians(taken[1])]
}

type Argv = readonly [string, ...string[]]

function medians(taken: readonly Taken[]): Taken {
  return { ms: median(taken.map(({ ms }) => ms)), cpuMs: median(taken.map(({ cpuMs }) => cpuMs)) }
}

// The shell counts the time of the whole family of a command, in seconds: user and system.
async function timed(argv: Argv): Promise<Taken> {
  const script = 'TIMEFORMAT="%U %S"; { time "$@" > /dev/null 2> /dev/null; } 2>&1'
  const began = performance.now()
  const shown = await run(['bash', '-c', `${script}; exit 0`, 'bash', ...argv])
  const ms = performance.now() - began
  const [user = Number.NaN, system = Number.NaN] = shown.trim().split(' ').map(Number)
  return { ms, cpuMs: (user + system) * 1000 }
}

// Asked of the process itself at its end: what the system keeps for its parent includes the parent.
async function peakMiB([program, ...words]: Argv): Promise<number> {
  const hook = `import { readFileSync } from 'node:fs'
    process.on('exit', () => console.error(/VmHWM:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]))`
  const argv: Argv = [program, '--import', `data:text/javascript,${encodeURIComponent(hook)}`, ...words]
  const shown = await run(['bash', '-c', '"$@" 2>&1 > /dev/null; exit 0', 'bash', ...argv])
  return Number(shown.trim().split('\n').at(-1)) / 1024
}
