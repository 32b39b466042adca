import type { ImageTree } from '../../boot/facts.ts'
import { describeError } from '../../errors.ts'
import type { Machine } from '../../machine/machine.ts'
import type { Known } from '../../nfs/facts.ts'

// Links inside an image are the guest's own and are followed below its root, as the guest will, never out of it.
// What this user may not look at is told as `denied PATH` on standard error.
const RESOLVE = `
resolve() {
  todo=$2 done= links=0
  while [ -n "$todo" ]; do
    part=\${todo%%/*}
    case $todo in */*) todo=\${todo#*/} ;; *) todo= ;; esac
    case $part in '' | .) continue ;; ..) done=\${done%/*}; continue ;; esac
    [ -x "$1$done" ] || [ ! -d "$1$done" ] || { echo "denied $1$done" >&2; return 1; }
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

// Each answer is a line: label, a word, base64 of a text.
const LOOK = `${RESOLVE}
may_read() { [ -r "$1" ] || { echo "denied $1" >&2; return 1; }; }
root=$1; shift
for name in "$@"; do
  file=$(resolve "$root" "$name") && [ -f "$file" ] && [ -x "$file" ] || continue
  may_read "$file" || break
  printf 'init %s ' "$name"; head -c 4096 "$file" | base64 -w0; echo
  case $file in */systemd) echo 'systemd - ' ;; esac
  break
done
inside() {
  folder=$(resolve "$root" "$1") && may_read "$folder" || return
  for one in "$folder"/*; do [ -e "$one" ] || [ -L "$one" ] || continue; printf '%s/%s\n' "$1" "\${one##*/}"; done
}
show() {
  label=$1; shift
  for name in "$@"; do
    file=$(resolve "$root" "$name") && [ -f "$file" ] && may_read "$file" || continue
    printf '%s %s ' "$label" "$name"; head -c 65536 "$file" | base64 -w0; echo
  done
}
show fstab /etc/fstab
show interfaces /etc/network/interfaces $(inside /etc/network/interfaces.d)
show machine-id /etc/machine-id
show os-release /etc/os-release /usr/lib/os-release
for wants in /etc/systemd/system/multi-user.target.wants; do
  folder=$(resolve "$root" "$wants") || continue
  if [ -L "$folder/NetworkManager.service" ]; then
    echo 'nm - '
    show nm /etc/NetworkManager/NetworkManager.conf $(inside /etc/NetworkManager/conf.d)
  fi
  if [ -L "$folder/systemd-networkd.service" ]; then
    echo 'networkd - '
    show networkd $(inside /etc/systemd/network)
  fi
done
for name in $(inside /etc/ssh); do
  case $name in /etc/ssh/ssh_host_*_key) echo "hostkey $name " ;; esac
done
`

const INITS = ['/sbin/init', '/etc/init', '/bin/init', '/bin/sh'] // init/main.c tries them in turn

const FIND = `${RESOLVE}
resolve "$1" "$2" >/dev/null`

/**
 * Looks into a root directory on its server: init and its loader, what is mounted, what manages the network, what
 * guests would share. `wanted` is the init that the command line asks for, when it does.
 */
export async function readTree(
  machine: Machine,
  path: string,
  wanted: string | undefined,
): Promise<Known<ImageTree>> {
  try {
    const inits = wanted === undefined ? INITS : [wanted]
    const { stdout, stderr, exitCode } = await machine.run(['sh', '-c', LOOK, 'sh', path, ...inits])
    const denied = deniedBy(stderr)
    if (denied !== undefined) return denied
    if (stdout === '' && stderr !== '')
      return {
        kind: 'unknown',
        reason: `cannot look into ${path}: ${stderr.trim().split('\n')[0]} (${exitCode})`,
      }
    const found = Map.groupBy(
      stdout.split('\n').map((line) => line.split(' ')),
      ([label]) => label,
    )
    const [, init, head] = found.get('init')?.[0] ?? []
    const elf = head === undefined ? undefined : readElf(Buffer.from(head, 'base64'))
    const loader = elf?.loader === undefined ? undefined : await findLoader(machine, path, elf.loader)
    if (loader?.kind === 'unknown') return loader
    return {
      kind: 'known',
      value: {
        init,
        ...(wanted !== undefined && { wanted }),
        arch: elf?.arch,
        loader: loader?.value,
        fstab: textOf(found.get('fstab')),
        interfaces: textOf(found.get('interfaces')),
        networkManager: textOf(found.get('nm')),
        networkd: textOf(found.get('networkd')),
        isSystemd: found.has('systemd'),
        hasOsRelease: found.has('os-release'),
        machineId: textOf(found.get('machine-id')),
        hostKeys: (found.get('hostkey') ?? []).map(([, name = '']) => name),
      },
    }
  } catch (error) {
    return { kind: 'unknown', reason: describeError(error) }
  }
}

async function findLoader(
  machine: Machine,
  root: string,
  path: string,
): Promise<Known<{ path: string; isThere: boolean }>> {
  const { exitCode, stderr } = await machine.run(['sh', '-c', FIND, 'sh', root, path])
  return deniedBy(stderr) ?? { kind: 'known', value: { path, isThere: exitCode === 0 } }
}

function deniedBy(stderr: string): { kind: 'unknown'; reason: string } | undefined {
  const [, place] = /^denied (.*)$/m.exec(stderr) ?? []
  return place === undefined
    ? undefined
    : { kind: 'unknown', reason: `cannot look into ${place}: permission denied to the user who looks` }
}

/** All texts of one label, one after the other; undefined when there is none. */
const textOf = (lines: readonly (readonly string[])[] | undefined) =>
  lines?.map(([, , text = '']) => Buffer.from(text, 'base64').toString()).join('\n')

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
