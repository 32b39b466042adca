/**
 * The scripts that look at a Linux NFS server: POSIX shell around exportfs, unshare, stat and realpath. Values
 * come as arguments or on standard input, never as text of a script.
 *
 * Each line of output begins with a letter that says what it is, since one run answers many questions.
 */

const TAGGED = `
PATH=$PATH:/usr/sbin:/sbin:/usr/local/sbin; export PATH
exec 4>&1
tag() { sed "s/^/$1 /" >&4; }
say() { [ -z "$2" ] || printf '%s\\n' "$2" | tag "$1"; }`

const APPLIANCE = `
appliance() { if command -v midclt >/dev/null 2>&1 || grep -qs -e TrueNAS -e FreeNAS /etc/version; then echo TrueNAS | tag A; fi; }`

// The state folder may have been moved by nfs.conf(5).
const STATES = `
states=$(sed -n 's/^[[:space:]]*state-directory-path[[:space:]]*=[[:space:]]*//p' /etc/nfs.conf /etc/nfs.conf.d/*.conf 2>/dev/null | grep -vx /var/lib/nfs | sort -u)
etab() { for s in $states /var/lib/nfs; do if [ -r "$s/etab" ]; then echo "$s" | tag F; tag E <"$s/etab"; return 0; fi; done; return 1; }`

// exportfs -s that is not root prints an error and exits 0, so what counts is its standard error.
const SHOW = `
show() { e=$( { exportfs -s | tag L; } 2>&1 ); say l "$e"; }`

// FLAGS INNER FILE: runs a script in private name spaces, -m for mounts and -n for the network, where nothing that
// exportfs writes or flushes is the server's own.
const PRIVATE = `
private() { unshare "$1" sh -c "$2" sh "$3" /var/lib/nfs $states; }`

const HIDE = `
set -e
file=$1; shift
mount --make-rprivate /
for state; do mount -t tmpfs -o mode=755 domus "$state"; : >"$state/etab"; done`

// Reads all of the server's files but ours.
const READ_OTHERS = `# reads the exports of others apart${HIDE}
if [ -e "$file" ]; then : >"$state/empty"; mount --bind "$state/empty" "$file"; fi
echo =ready
set +e
exportfs -ra
for state; do cat "$state/etab"; done
exit 0`

// Reads all of the server's files.
const READ_ALL = `# reads all exports files apart${HIDE}
echo =ready
set +e
exportfs -ra
for state; do cat "$state/etab"; done
exit 0`

// Reads nothing but the text on standard input.
const READ_INPUT = `# reads one exports file apart${HIDE}
cat >"$state/try"
if [ -e /etc/exports ]; then
  mount --bind "$state/try" /etc/exports
  if [ -d /etc/exports.d ]; then mount -t tmpfs domus /etc/exports.d; fi
else
  mkdir -p /etc/exports.d
  mount -t tmpfs domus /etc/exports.d
  cp "$state/try" /etc/exports.d/try.exports
fi
echo =ready
set +e
exportfs -ra
echo "=exit $?"
for state; do cat "$state/etab"; done
exit 0`

const LOOK = `# looks at the NFS exports${TAGGED}${APPLIANCE}${STATES}${SHOW}${PRIVATE}
appliance
if command -v exportfs >/dev/null 2>&1; then
  etab || show
  o=$( { private -mn "$2" "$1" | tag O; } 2>&1 ); say o "$o"
else say l 'there is no program exportfs: install the NFS server (nfs-kernel-server or nfs-utils)'
fi
tag D </proc/self/mountinfo
paths=$(cat)
[ -n "$paths" ] || exit 0
printf '%s\\n' "$paths" | xargs stat -L -c '%n %F' -- 2>/dev/null | tag T
printf '%s\\n' "$paths" | xargs realpath -m -- | tag R`

// KIB: with a full disk exportfs exits with 0 and leaves an empty table, everybody's exports gone. So room for the
// table that is, and for KIB more, is tried out before; 0 does not try.
const TABLE = `# looks at the live NFS exports${TAGGED}${APPLIANCE}${STATES}${SHOW}
appliance
id -u | tag U
etab || show
if [ "$1" -gt 0 ] && [ -r "$s/etab" ]; then
  n=$(( $(wc -c <"$s/etab") / 1024 + $1 ))
  e=$(dd if=/dev/zero of="$s/.domus-room.$$" bs=1024 count="$n" 2>&1) || { echo "$s"; printf '%s\\n' "$e" | head -n 1; } | tag N
  rm -f "$s/.domus-room.$$"
fi
exit 0`

const SHOWN = `# runs exportfs -s${TAGGED}${STATES}${SHOW}
show
etab
exit 0`

const TRY = `# tries exports with exportfs${TAGGED}${STATES}${PRIVATE}
o=$( { private "$1" "$2" '' | tag O; } 2>&1 ); say o "$o"
exit 0`

/**
 * Looks at a whole server in one run; the paths go to standard input, one on a line.
 *
 * `A` product that owns the exports · `F` `E` `L` `l` the live table, as below · `O` the table that the files of
 * others make, `o` what exportfs says of them · `D` mount table · `T` a path and its type, for those that are
 * there · `R` the real path of each, in the order asked
 */
export const lookArgv = (file: string) => ['sh', '-c', LOOK, 'sh', file, READ_OTHERS]

/**
 * The live table from its file, which costs nothing however long it is (exportfs takes a second for 10 000); with
 * `roomKiB`, tries whether it may grow by so much.
 *
 * `F` folder of the etab, `E` its lines; without one `L` what `exportfs -s` shows, `l` what is wrong with that ·
 * `U` numeric user id · `A` product that owns the exports · `N` the folder without room, and what dd says of it
 */
export const tableArgv = (roomKiB = 0) => ['sh', '-c', TABLE, 'sh', String(roomKiB)]

/** The live table as `exportfs -s` shows it: `L` and `l`, with `F` and `E` for what it leaves out. */
export const shownArgv = ['sh', '-c', SHOWN]

/**
 * Lets the real parser read one exports file, given on standard input, apart from all that is live.
 *
 * `O` the table it makes, after a line `=ready` and one `=exit CODE` · `o` what it says
 */
export const dryRunArgv = ['sh', '-c', TRY, 'sh', '-mn', READ_INPUT]

/**
 * Lets the real parser read all files of the server: what `exportfs -ra` would make. `O` and `o` as above.
 *
 * With the server's own network, since host names must resolve as they would then; exportfs flushes the kernel's
 * caches, which fill again from the live table.
 */
export const readAllArgv = ['sh', '-c', TRY, 'sh', '-m', READ_ALL]
