import type { MachineAddress } from '../model/grammar.ts'

/** The outcome of a command that could be started; a non-zero `exitCode` is for the caller to judge. */
export interface CommandResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  /** Text for its standard input; empty when absent. */
  readonly input?: string
  /** Ends the command after this time, in milliseconds; 60 000 when absent. */
  readonly timeoutMs?: number
}

/** A file as it is: text (UTF-8, lossless for ASCII), permission bits (0 to 0o7777), numeric owners. */
export interface FileState {
  readonly content: string
  readonly mode: number
  readonly uid: number
  readonly gid: number
}

/** A file as it is to be. */
export interface NewFile {
  readonly content: string | Uint8Array
  readonly mode: number
  readonly uid?: number
  readonly gid?: number
}

export interface PathState {
  readonly type: 'file' | 'directory' | 'link' | 'other'
  /** The path with all links resolved. */
  readonly realpath: string
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Number of the file system that holds it, comparable only on the same machine. */
  readonly device: string
}

/** Output of a running command, line by line; `stop` ends it and is safe to call twice. */
export interface Following {
  readonly lines: AsyncIterable<string>
  stop(): void
}

/**
 * A machine domus can look at and change: the only way the program touches one.
 *
 * Every method throws DomusError 'unreachable' when the machine cannot be reached (naming it and the
 * command), and 'command-failed' when a file operation fails (naming machine, path and reason).
 */
export interface Machine {
  readonly address: MachineAddress
  /** Runs one command; resolves for every exit code. @throws DomusError 'command-failed' when it cannot start or takes too long */
  run(argv: readonly string[], options?: RunOptions): Promise<CommandResult>
  /** Runs a command that goes on, such as a console; standard output by lines. */
  follow(argv: readonly string[]): Following
  /** Undefined when there is no such file. */
  readFile(path: string): Promise<FileState | undefined>
  /** Many small files at once, by path; as readFile for each. */
  readFiles(paths: readonly string[]): Promise<ReadonlyMap<string, FileState | undefined>>
  /** The bytes of a file (a kernel, an initrd); undefined when there is none. */
  readBytes(path: string): Promise<Uint8Array | undefined>
  /**
   * Replaces a file as a whole: temporary file beside it, fsync, rename, fsync of the folder; makes missing
   * folders. Owner and group are set only when given.
   */
  writeFile(path: string, file: NewFile): Promise<void>
  /** Removes a file; absent is fine. */
  removeFile(path: string): Promise<void>
  /** Undefined when there is nothing at that path. Does not follow a final link for `type`. */
  stat(path: string): Promise<PathState | undefined>
  /**
   * Holds an exclusive lock on the machine until released; it dies with us, and with the connection: then the
   * release throws. `holder` is what others are told of us; waits 10 s when `waitMs` is absent.
   *
   * @throws DomusError 'busy' naming the holder
   */
  lock(path: string, options?: { waitMs?: number; holder?: string }): Promise<() => Promise<void>>
  /** Gives back connections. */
  close(): Promise<void>
}

/** Finds the machine of an address; the same address gives the same object. */
export type Machines = (address: MachineAddress) => Machine
