/**
 * The script that looks at a Xen host for a migration, in one run: POSIX shell around xl and a few small programs.
 * Values come as arguments or on standard input, never as text of the script.
 *
 * Each line of output begins with a letter that says what it is:
 *
 * `B` boot id: which machine it is · `T` systemd runs · `I` xl info, `i` what it said on standard error · `L` and `l`
 * xl list -l · `V` and `v` xl list -v · `C` and `c` xen-cpuid · `O` a value of output_format and `A` one of autoballoon
 * in xl.conf · `N` a bridge · `F` any interface · `S` vif-bridge is there · `H` hash and path of a file, `-` when there is
 * none · `D` type, WWN, kind and source of the file system, and path of a disk · `P` a migration that goes on: `migrate`
 * with its arguments, or `receive` with its process id · `W` the clock here, before and after, `X` what the target and ssh said (boot id, its
 * clock, name of its dom0), and `=` with the exit code
 *
 * Standard input: lines `file PATH` and `disk PATH`. Arguments: how ssh reaches the target; none asks for no target.
 */
export const LOOK = `# looks at a Xen host
PATH=$PATH:/usr/sbin:/sbin:/usr/local/sbin; export PATH
exec 4>&1
tag() { sed "s/^/$1 /" >&4; }
say() { [ -z "$2" ] || printf '%s\\n' "$2" | tag "$1"; }
ask() { u=$1 l=$2; shift 2; e=$( { "$@" | tag "$u"; } 2>&1 ); say "$l" "$e"; }
tag B </proc/sys/kernel/random/boot_id
[ ! -d /run/systemd/system ] || echo 'T systemd'
ask I i xl info
ask L l xl list -l
ask V v xl list -v
ask C c xen-cpuid
sed -n 's/^[[:space:]]*output_format[[:space:]]*=[[:space:]]*//p' /etc/xen/xl.conf 2>/dev/null | tag O
sed -n 's/^[[:space:]]*autoballoon[[:space:]]*=[[:space:]]*//p' /etc/xen/xl.conf 2>/dev/null | tag A
for i in /sys/class/net/*; do
  printf 'F %s\\n' "\${i##*/}"
  [ ! -e "$i/bridge" ] || printf 'N %s\\n' "\${i##*/}"
done
[ ! -x /etc/xen/scripts/vif-bridge ] || echo 'S there'
while read -r kind path; do
  case $kind in
  file) if [ -f "$path" ]; then sha256sum -- "$path"; else printf -- '-  %s\\n' "$path"; fi | tag H ;;
  disk)
    t=absent
    [ ! -e "$path" ] || t=file
    [ ! -b "$path" ] || t=block
    w=$(lsblk -dno WWN -- "$path" 2>/dev/null)
    printf 'D %s %s %s %s\\n' "$t" "\${w:--}" "$(findmnt -nro FSTYPE,SOURCE -T "$path" 2>/dev/null || echo '- -')" "$path" ;;
  esac
done
# The monitor of a guest that arrived long ago has kept the command line of its arrival, but not the stream.
grep -l migrate /proc/[0-9]*/cmdline 2>/dev/null | while read -r p; do
  c=$({ tr '\\0' ' ' <"$p"; } 2>/dev/null) d=\${p%/cmdline}
  case $c in
  'xl '*'migrate-receive'*|/*'/xl '*'migrate-receive'*) [ "$(readlink "$d/fd/0")" = /dev/null ] || echo "P receive \${d#/proc/}" ;;
  'xl '*' migrate '*|/*'/xl '*' migrate '*) printf 'P migrate %s\\n' "\${c#* migrate }" ;;
  esac
done
[ $# -gt 0 ] || exit 0
b=$(date +%s.%N)
o=$(timeout 60 "$@" 'cat /proc/sys/kernel/random/boot_id; date +%s.%N; xl domname 0' </dev/null 2>&1; echo "=$?")
a=$(date +%s.%N)
printf '%s\\n' "$o" | tag X
echo "W $b $a"
exit 0`

/** Looks at a host; the questions of `files` and `disks` go to standard input. `toTarget` is a shell of the target. */
export const lookArgv = (toTarget: readonly string[] = []) => ['sh', '-c', LOOK, 'sh', ...toTarget]

/** What goes to its standard input. */
export const lookInput = (files: readonly string[], disks: readonly string[]) =>
  [...files.map((path) => `file ${path}\n`), ...disks.map((path) => `disk ${path}\n`)].join('')
