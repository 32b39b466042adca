/**
 * The scripts that run on a machine reached by ssh: plain POSIX shell, for GNU, BSD and busybox programs alike.
 * Each gets its values as arguments, never as text of the script.
 */

/** On standard error: the command itself exited with 255, which is also what ssh exits with when it fails. */
export const MARK_255 = 'domus: the command exited with 255'
/** On standard error: the program does not exist. */
export const MARK_NO_PROGRAM = 'domus: no such program'

/** SECONDS WORD…: runs a command, ends it with its children when its time is over, and keeps its exit code. */
export const RUN = `
LC_ALL=C; export LC_ALL
t=$1; shift
command -v -- "$1" >/dev/null 2>&1 || { echo '${MARK_NO_PROGRAM}' >&2; exit 127; }
if command -v timeout >/dev/null 2>&1; then timeout -k 2 "$t" "$@"; else "$@"; fi
s=$?
[ "$s" -ne 255 ] || echo '${MARK_255}' >&2
exit "$s"`

/**
 * WORD…: runs a command until it ends or our end of its input is closed, which is how it learns that we are gone.
 * The command shares that input, since a console ends when it has none.
 */
export const FOLLOW = `
LC_ALL=C; export LC_ALL
exec 3<&0
"$@" <&3 & p=$!
{ cat >/dev/null; kill "$p" 2>/dev/null; } <&3 & w=$!
wait "$p"; s=$?
kill "$w" 2>/dev/null
exit "$s"`

const STAT = `
if stat -c %a / >/dev/null 2>&1; then look() { stat $3 -c "$1" -- "$f"; }
else look() { stat $3 -f "$2" "$f"; }; fi
see() {
  m=$(look "$@" 2>&1) && return
  case $m in *'No such file'*|*'Not a directory'*) exit 0;; esac
  printf '%s\\n' "$m" >&2; exit 1
}`

const SYNC = `
keep() { if command -v fsync >/dev/null 2>&1; then fsync "$1"; else sync "$1"; fi; }`

/** PATH: prints \`MODE UID GID\` (mode in octal) on a line, then the bytes; nothing when there is no such file. */
export const READ = `${STAT}
f=$1
see '%a %u %g' '%Mp%Lp %u %g' -L
printf '%s\\n' "$m" && cat -- "$f"`

/**
 * Paths on standard input, one a line: for each prints \`absent\`, \`odd\` where it must be read alone to tell what
 * is wrong, or \`MODE UID GID SIZE\` (mode in octal), then the bytes and the end of a line.
 */
export const READ_MANY = `${STAT}
while IFS= read -r f; do
  if m=$(look '%a %u %g %s' '%Mp%Lp %u %g %z' -L 2>&1); then
    if [ -f "$f" ] && [ -r "$f" ]; then
      printf '%s\\n' "$m"
      [ "\${m##* }" -eq 0 ] || head -c "\${m##* }" "$f" 2>/dev/null
      echo
    else echo odd; fi
  else
    case $m in *'No such file'*|*'Not a directory'*) echo absent;; *) echo odd;; esac
  fi
done`

/** PATH: prints \`MODE UID GID DEVICE\` (mode with type, in hex) and the real path; nothing when there is none. */
export const LOOK = `${STAT}
f=$1
see '%f %u %g %d' '%Xp %u %g %d' ''
printf '%s\\n' "$m"
if [ -e "$f" ]; then readlink -f -- "$f"; else printf '%s\\n' "$f"; fi`

/**
 * PATH MODE UID GID LENGTH RANDOM, content on standard input: replaces a file as a whole. UID or GID \`-\` keeps
 * what it was. The length is checked, since a connection that breaks looks like the end of the input.
 */
export const WRITE = `${STAT}${SYNC}
f=$1 u=$3 g=$4
umask 022
mkdir -p -- "$(dirname -- "$f")" || exit 1
if [ -h "$f" ]; then f=$(readlink -f -- "$f") || exit 1; fi
if [ -d "$f" ]; then echo 'Is a directory' >&2; exit 1; fi
d=$(dirname -- "$f")
if [ -e "$f" ]; then
  [ "$u" != - ] || u=$(look %u %u -L) || exit 1
  [ "$g" != - ] || g=$(look %g %g -L) || exit 1
fi
t=$d/.domus-$6.tmp
trap 'rm -f -- "$t"' EXIT
trap 'exit 1' HUP INT TERM PIPE
(set -C; umask 077; cat >"$t") || exit 1
[ "$(wc -c <"$t")" -eq "$5" ] || { echo 'the connection was cut: only a part of the file arrived' >&2; exit 1; }
[ "$u" = - ] || chown "$u" "$t" || exit 1
[ "$g" = - ] || chgrp "$g" "$t" || exit 1
chmod "$2" "$t" || exit 1
keep "$t" || exit 1
mv -f -- "$t" "$f" || exit 1
keep "$d"`

/** PATH: removes a file; absent is fine. */
export const REMOVE = `${SYNC}
[ -e "$1" ] || [ -h "$1" ] || exit 0
rm -f -- "$1" && keep "$(dirname -- "$1")"`
