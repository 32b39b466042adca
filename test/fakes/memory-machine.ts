import { dirname } from 'node:path/posix'
import { DomusError } from '../../src/errors.ts'
import type {
  CommandResult,
  FileState,
  Following,
  Machine,
  Machines,
  NewFile,
  PathState,
  RunOptions,
} from '../../src/machine/machine.ts'

/** What a program of a MemoryMachine does; it may change the machine it is given. */
export type Program = (
  argv: readonly string[],
  options: RunOptions,
  machine: MemoryMachine,
) => Partial<CommandResult> | undefined

/**
 * What goes wrong with one action. `before`: it does nothing; `after`: it is carried out in full, then goes
 * wrong. A crash is a promise that never settles: as after `kill -9`, nothing of the caller runs on.
 */
export type Fault =
  | 'fail-before'
  | 'fail-after'
  | 'timeout-after'
  | 'unreachable'
  | 'crash-before'
  | 'crash-after'

/**
 * A machine in memory: files with modes and owners, programs, a log of actions, and faults.
 *
 * Actions read `run ARGV…`, `write PATH`, `remove PATH`, `read PATH`, `stat PATH`, `lock PATH`, `follow ARGV…`.
 */
export class MemoryMachine implements Machine {
  readonly address: string
  readonly files = new Map<string, FileState>()
  readonly folders = new Set(['/', '/etc', '/run', '/tmp'])
  /** By name, argv[0]; `rmdir`, `mkdir` and `true` are there from the start. */
  readonly programs = new Map<string, Program>([
    ['true', () => ({})],
    ['mkdir', ([, folder = ''], _options, machine) => machine.#mkdir(folder)],
    ['rmdir', ([, ...folders], _options, machine) => machine.#rmdir(folders)],
  ])
  /** All actions that were tried, in order. */
  readonly log: string[] = []
  /** Called with each action before it happens. */
  fault: (action: string) => Fault | undefined = () => undefined
  /** Called when a crash was injected. */
  onCrash: () => void = () => undefined
  readonly #locks = new Set<string>()

  constructor(address = 'local') {
    this.address = address
  }

  /** The commands that were run, each as one line. */
  get commands(): string[] {
    return this.log.filter((action) => action.startsWith('run ')).map((action) => action.slice('run '.length))
  }

  put(path: string, content: string, rest: Partial<FileState> = {}): void {
    this.#makeFolders(dirname(path))
    this.files.set(path, { content, mode: 0o644, uid: 0, gid: 0, ...rest })
  }

  run(argv: readonly string[], options: RunOptions = {}): Promise<CommandResult> {
    return this.#act(`run ${argv.join(' ')}`, () => {
      const program = this.programs.get(argv[0] ?? '')
      if (program === undefined) throw this.#failed(`no program ${argv[0]}`)
      return { exitCode: 0, stdout: '', stderr: '', ...program(argv, options, this) }
    })
  }

  follow(argv: readonly string[]): Following {
    this.log.push(`follow ${argv.join(' ')}`)
    const output = this.programs.get(argv[0] ?? '')?.(argv, {}, this)?.stdout ?? ''
    const lines = output.split('\n').slice(0, -1)
    let stopped = false
    return {
      lines: (async function* () {
        for (const line of lines) if (!stopped) yield line
      })(),
      stop: () => {
        stopped = true
      },
    }
  }

  readFile(path: string): Promise<FileState | undefined> {
    return this.#act(`read ${path}`, () => this.#fileAt(path, 'read'))
  }

  async readFiles(paths: readonly string[]): Promise<ReadonlyMap<string, FileState | undefined>> {
    const found = new Map<string, FileState | undefined>()
    for (const path of paths) found.set(path, await this.readFile(path))
    return found
  }

  readBytes(path: string): Promise<Uint8Array | undefined> {
    return this.#act(`read ${path}`, () => {
      const file = this.#fileAt(path, 'read')
      return file && new TextEncoder().encode(file.content)
    })
  }

  writeFile(path: string, { content: text, ...file }: NewFile): Promise<void> {
    return this.#act(`write ${path}`, () => {
      const { uid = 0, gid = 0 } = this.#fileAt(path, 'write') ?? {}
      this.#makeFolders(dirname(path))
      const content = typeof text === 'string' ? text : new TextDecoder().decode(text)
      this.files.set(path, { uid, gid, ...file, content })
    })
  }

  removeFile(path: string): Promise<void> {
    return this.#act(`remove ${path}`, () => void this.files.delete(path))
  }

  stat(path: string): Promise<PathState | undefined> {
    return this.#act(`stat ${path}`, () => {
      if (this.folders.has(path)) {
        return { type: 'directory' as const, realpath: path, mode: 0o755, uid: 0, gid: 0, device: '1' }
      }
      const file = this.files.get(path)
      if (file === undefined) return undefined
      const { mode, uid, gid } = file
      return { type: 'file' as const, realpath: path, mode, uid, gid, device: '1' }
    })
  }

  lock(path: string): Promise<() => Promise<void>> {
    return this.#act(`lock ${path}`, () => {
      if (this.#locks.has(path))
        throw new DomusError('busy', `${path} on ${this.address} is locked by a test`)
      this.#locks.add(path)
      return async () => void this.#locks.delete(path)
    })
  }

  async close(): Promise<void> {}

  /** Frees what a crashed process held: locks die with their owner. */
  dropLocks(): void {
    this.#locks.clear()
  }

  async #act<T>(action: string, work: () => T): Promise<T> {
    this.log.push(action)
    const fault = this.fault(action)
    if (fault === 'crash-before') return this.#crash()
    if (fault === 'fail-before') throw this.#failed(`${action}: refused by a test`)
    if (fault === 'unreachable') {
      throw new DomusError('unreachable', `cannot reach ${this.address} to ${action}: cut by a test`)
    }
    const result = work()
    if (fault === 'crash-after') return this.#crash()
    if (fault === 'fail-after') throw this.#failed(`${action}: failed late by a test`)
    if (fault === 'timeout-after') throw this.#failed(`${action}: took longer than 60 s`)
    return result
  }

  #fileAt(path: string, action: string): FileState | undefined {
    if (!this.folders.has(path)) return this.files.get(path)
    const message = `cannot ${action} ${path} on ${this.address}: it is a directory`
    throw new DomusError('command-failed', message)
  }

  #crash(): Promise<never> {
    this.onCrash()
    return new Promise(() => undefined)
  }

  #failed(message: string) {
    return new DomusError('command-failed', `${this.address}: ${message}`)
  }

  #makeFolders(folder: string) {
    if (this.folders.has(folder)) return
    this.#makeFolders(dirname(folder))
    this.folders.add(folder)
  }

  #mkdir(folder: string): Partial<CommandResult> {
    if (this.folders.has(folder)) return { exitCode: 1, stderr: `mkdir: '${folder}': File exists\n` }
    this.folders.add(folder)
    return {}
  }

  #rmdir(folders: readonly string[]): Partial<CommandResult> {
    for (const folder of folders.filter((word) => word.startsWith('/'))) {
      const inside = [...this.files.keys(), ...this.folders].some((path) => path.startsWith(`${folder}/`))
      if (inside || !this.folders.delete(folder)) {
        return { exitCode: 1, stderr: `rmdir: '${folder}': not empty or absent\n` }
      }
    }
    return {}
  }
}

/** Machines in memory by address, made when first asked for. */
export function memoryMachines(
  ...known: readonly MemoryMachine[]
): Machines & { at: (address: string) => MemoryMachine } {
  const byAddress = new Map(known.map((machine) => [machine.address, machine]))
  const at = (address: string) => {
    const machine = byAddress.get(address) ?? new MemoryMachine(address)
    byAddress.set(address, machine)
    return machine
  }
  return Object.assign(at, { at })
}
