import { randomBytes } from 'node:crypto'
import { DomusError } from '../errors.ts'
import type { MachineAddress } from '../model/grammar.ts'
import type { Ending } from './command.ts'
import { decodeText, type FileAction, fileFault } from './file-fault.ts'
import type { Machine, PathState } from './machine.ts'
import type { SshConnection } from './ssh-connection.ts'
import { sshFault } from './ssh-fault.ts'
import { readManyRemote } from './ssh-read-many.ts'
import { LOOK, READ, READ_MANY, REMOVE, WRITE } from './ssh-scripts.ts'

/** Long enough for a big initrd over a slow line. */
const TIMEOUT_MS = 300_000

type FileOperations = Pick<
  Machine,
  'readFile' | 'readFiles' | 'readBytes' | 'writeFile' | 'removeFile' | 'stat'
>

/** The file operations of a machine, each one small script over ssh. */
export function sshFiles(address: MachineAddress, connection: SshConnection): FileOperations {
  /** Runs a script that works on `path`, its first argument; resolves with its output. */
  const work = async (
    action: FileAction,
    script: string,
    path: string,
    args: readonly string[] = [],
    input?: string | Uint8Array,
  ): Promise<Uint8Array> => {
    const remote = { what: [action, path], script: `LC_ALL=C; export LC_ALL${script}`, args: [path, ...args] }
    const ending = await connection.run(remote, { input, timeoutMs: TIMEOUT_MS })
    if (ending.kind === 'exit' && ending.exitCode === 0) return ending.stdout
    if (ending.kind === 'exit' && ending.exitCode === 255) {
      throw sshFault(address, connection.target, [action, path], ending.stderr)
    }
    throw fileFault(address, action, path, new Error(endingText(ending)))
  }

  const read = async (path: string) => {
    const output = await work('read', READ, path)
    if (output.length === 0) return undefined
    const end = output.indexOf(10)
    const [mode = '', uid, gid] = new TextDecoder().decode(output.subarray(0, end)).split(' ')
    return {
      bytes: output.subarray(end + 1),
      mode: Number.parseInt(mode, 8),
      uid: Number(uid),
      gid: Number(gid),
    }
  }

  const readFile = async (path: string) => {
    const file = await read(path)
    if (file === undefined) return undefined
    const { bytes, ...rest } = file
    return { content: decodeText(address, path, bytes), ...rest }
  }

  return {
    readFile,
    readFiles: (paths) =>
      readManyRemote(paths, {
        batch: (chunk) => work('read', READ_MANY, nameOf(chunk), [], `${chunk.join('\n')}\n`),
        single: readFile,
        decode: (path, bytes) => decodeText(address, path, bytes),
      }),
    readBytes: async (path) => (await read(path))?.bytes,
    async writeFile(path, { content, mode, uid, gid }) {
      const length = Buffer.byteLength(content)
      const random = randomBytes(6).toString('hex')
      const args = [mode.toString(8), uid ?? '-', gid ?? '-', length, random].map(String)
      await work('write', WRITE, path, args, content)
    },
    async removeFile(path) {
      await work('remove', REMOVE, path)
    },
    async stat(path) {
      const output = await work('look at', LOOK, path)
      return output.length === 0 ? undefined : parseLook(new TextDecoder().decode(output))
    },
  }
}

function endingText(ending: Ending): string {
  if (ending.kind === 'timeout') return `it took longer than ${TIMEOUT_MS / 1000} s`
  return ending.kind === 'no-start' ? ending.reason : ending.stderr
}

/** The file type bits of st_mode, as Linux and BSD have them. */
const TYPES: Readonly<Record<number, PathState['type']>> = { 4: 'directory', 8: 'file', 10: 'link' }

function parseLook(output: string): PathState {
  const end = output.indexOf('\n')
  const [hex = '', uid, gid, device = ''] = output.slice(0, end).split(' ')
  const mode = Number.parseInt(hex, 16)
  if (Number.isNaN(mode)) throw new DomusError('internal', `cannot understand the output of stat: ${output}`)
  return {
    type: TYPES[mode >> 12] ?? 'other',
    realpath: output.slice(end + 1, -1),
    mode: mode & 0o7777,
    uid: Number(uid),
    gid: Number(gid),
    device,
  }
}

const nameOf = ([first = '', ...others]: readonly string[]) =>
  others.length === 0 ? first : `${first} and ${others.length} more`
