import type { ImageTree } from '../boot/facts.ts'
import { describeError } from '../errors.ts'
import type { Machine } from '../machine/machine.ts'
import type { Known } from '../nfs/facts.ts'

// Links inside an image are the guest's own and are followed below its root, as the guest will, never out of it.
const RESOLVE = `
resolve() {
  todo=$2 done= links=0
  while [ -n "$todo" ]; do
    part=\${todo%%/*}
    case $todo in */*) todo=\${todo#*/} ;; *) todo= ;; esac
    case $part in '' | .) continue ;; ..) done=\${done%/*}; continue ;; esac
    if [ -L "$1$done/$part" ]; then
      links=$((links + 1)); [ $links -le 40 ] || return 1
      target=$(readlink "$1$done/$part")
      case $target in /*) done= todo=\${target#/}/$todo ;; *) todo=$target/$todo ;; esac
    elif [ -e "$1$done/$part" ]; then done=$done/$part
    else return 1
    fi
  done
  printf '%s' "$1$done"
}
`

// init/main.c tries these four in turn.
const LOOK = `${RESOLVE}
for name in /sbin/init /etc/init /bin/init /bin/sh; do
  file=$(resolve "$1" "$name") && [ -f "$file" ] && [ -x "$file" ] || continue
  printf 'init %s ' "$name"; head -c 4096 "$file" | base64 -w0; echo; break
done
for name in /etc/fstab /etc/network/interfaces; do
  file=$(resolve "$1" "$name") && [ -f "$file" ] || continue
  printf '%s - ' "\${name##*/}"; head -c 65536 "$file" | base64 -w0; echo
done
`

const FIND = `${RESOLVE}
resolve "$1" "$2" >/dev/null`

/** Looks into a root directory on its server: init and its loader, fstab, interfaces. */
export async function readTree(machine: Machine, path: string): Promise<Known<ImageTree>> {
  try {
    const { stdout, stderr, exitCode } = await machine.run(['sh', '-c', LOOK, 'sh', path])
    if (stdout === '' && stderr !== '')
      return {
        kind: 'unknown',
        reason: `cannot look into ${path}: ${stderr.trim().split('\n')[0]} (${exitCode})`,
      }
    const found = new Map(stdout.split('\n').map((line) => [line.split(' ')[0], line.split(' ')] as const))
    const [, init, head] = found.get('init') ?? []
    const elf = head === undefined ? undefined : readElf(Buffer.from(head, 'base64'))
    return {
      kind: 'known',
      value: {
        init,
        arch: elf?.arch,
        loader:
          elf?.loader === undefined
            ? undefined
            : { path: elf.loader, isThere: await isThere(machine, path, elf.loader) },
        fstab: textOf(found.get('fstab')),
        interfaces: textOf(found.get('interfaces')),
      },
    }
  } catch (error) {
    return { kind: 'unknown', reason: describeError(error) }
  }
}

async function isThere(machine: Machine, root: string, path: string): Promise<boolean> {
  const { exitCode } = await machine.run(['sh', '-c', FIND, 'sh', root, path])
  return exitCode === 0
}

const textOf = (words: readonly string[] | undefined) =>
  words?.[2] === undefined ? undefined : Buffer.from(words[2], 'base64').toString()

// e_machine of the ELF header (elf.h).
const MACHINES: Readonly<Record<number, string>> = { 3: 'i386', 40: 'arm', 62: 'x86_64', 183: 'aarch64' }
const PT_INTERP = 3

/** Machine and dynamic loader of a program, from its first 4096 bytes; undefined for what is no little-endian ELF. */
function readElf(head: Buffer): { arch: string; loader: string | undefined } | undefined {
  if (head.length < 64 || head.toString('latin1', 0, 4) !== '\x7fELF' || head[5] !== 1) return undefined
  const is64 = head[4] === 2
  const machine = head.readUInt16LE(18)
  const [table, size, count] = is64
    ? [Number(head.readBigUInt64LE(32)), head.readUInt16LE(54), head.readUInt16LE(56)]
    : [head.readUInt32LE(28), head.readUInt16LE(42), head.readUInt16LE(44)]
  let loader: string | undefined
  for (let at = table; at + size <= head.length && at < table + size * count; at += size) {
    if (head.readUInt32LE(at) !== PT_INTERP) continue
    const [from, length] = is64
      ? [Number(head.readBigUInt64LE(at + 8)), Number(head.readBigUInt64LE(at + 32))]
      : [head.readUInt32LE(at + 4), head.readUInt32LE(at + 16)]
    loader = head.toString('latin1', from, from + length).replace(/\0.*$/s, '')
  }
  return { arch: MACHINES[machine] ?? `machine ${machine}`, loader: loader === '' ? undefined : loader }
}
