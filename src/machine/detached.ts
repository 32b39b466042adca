import { DomusError } from '../errors.ts'
import type { CommandResult, Machine } from './machine.ts'
import { shellLine } from './shell-quote.ts'

/**
 * Programs that outlive us: a migration must not end half way because we were killed, or the connection was.
 *
 * Each has a folder on its machine: `token` (whose it is), `pid` (of the shell that waits for it, with the start of that
 * in clock ticks), `log` (what it said, each line after the uptime in seconds), `exit` (its exit code, once it ended).
 */

/**
 * FOLDER TOKEN SYSTEMD WORD…: starts a program. Exits with 75 while an earlier one in the same folder goes on, with 76
 * when the token was looked for before, and so was given up. Its process has a session of its own and none of our files
 * open; where systemd runs (\`yes\`), a scope of its own too.
 */
export const START = `# starts a program that outlives its starter
d=$1 token=$2 systemd=$3; shift 3
umask 077
alive() { read -r p t <"$d/pid" && read -r s <"/proc/$p/stat" && set -- \${s##*) } && [ "\${20}" = "$t" ]; }
if [ ! -e "$d/exit" ] && alive 2>/dev/null; then echo "one goes on already: $(cat "$d/token")" >&2; exit 75; fi
rm -rf -- "$d" && mkdir -p -- "$d" || exit 1
: >"$d/log"
printf '%s\\n' "$token" >"$d/token"
if [ "$(cat "$d.gone" 2>/dev/null)" = "$token" ]; then echo 'it was given up meanwhile' >&2; exit 76; fi
run='
d=$1; shift
start() { read -r s <"/proc/$$/stat" && set -- \${s##*) } && echo "\${20}"; }
echo "$$ $(start)" >"$d/pid.tmp" && mv "$d/pid.tmp" "$d/pid"
{ "$@" </dev/null 2>&1; echo "$?" >"$d/exit.tmp"; } | while IFS= read -r line || [ -n "$line" ]; do
  read -r up rest </proc/uptime
  printf "%s %s\\n" "$up" "$line"
done >>"$d/log"
mv "$d/exit.tmp" "$d/exit"'
if [ "$systemd" = yes ]; then
  setsid systemd-run --scope --quiet --collect -- sh -c "$run" sh "$d" "$@" </dev/null >/dev/null 2>"$d/start" &
else
  setsid sh -c "$run" sh "$d" "$@" </dev/null >/dev/null 2>"$d/start" &
fi
n=0
while [ ! -s "$d/pid" ]; do
  n=$((n + 1))
  [ "$n" -le 100 ] || { echo "it did not start: $(cat "$d/start")" >&2; exit 1; }
  sleep 0.1
done`

/**
 * FOLDER OFFSET TOKEN SECONDS: waits for the program's end, so long at most. Forbids a start under this token that has
 * not happened yet, so that who finds none can rely on it; then prints `absent`, or `going TOKEN`, `ended CODE TOKEN`,
 * `lost TOKEN` (it is gone and left no exit code: it was killed, or the machine was booted again), then the log from
 * that byte on.
 */
export const LOOK = `# looks at a program that outlives its starter
d=$1
if [ "$(cat "$d/token" 2>/dev/null)" != "$3" ]; then
  mkdir -p -- "$(dirname -- "$d")" && printf '%s\\n' "$3" >"$d.gone" || exit 1
fi
[ -e "$d/token" ] || { echo absent; exit 0; }
n=0
while [ ! -s "$d/pid" ] && [ "$n" -lt 50 ]; do n=$((n + 1)); sleep 0.1; done # it is being started
alive() { read -r p t <"$d/pid" && read -r s <"/proc/$p/stat" && set -- \${s##*) } && [ "\${20}" = "$t" ]; }
n=0
while [ "$n" -lt "$4" ] && [ ! -e "$d/exit" ] && alive 2>/dev/null; do n=$((n + 1)); sleep 1; done
if [ -e "$d/exit" ]; then s="ended $(cat "$d/exit")"
elif alive 2>/dev/null; then s=going
elif [ -e "$d/exit" ]; then s="ended $(cat "$d/exit")"
else s=lost; fi
echo "$s $(cat "$d/token")"
tail -c "+$(($2 + 1))" "$d/log"`

/** A program that outlives us, as it is now; `log` is what it said from the offset on. */
export type DetachedState =
  | { readonly kind: 'absent' }
  | { readonly kind: 'going' | 'lost'; readonly token: string; readonly log: string }
  | { readonly kind: 'ended'; readonly exitCode: number; readonly token: string; readonly log: string }

/**
 * Starts a program that goes on without us; `folder` on that machine is its place, `token` tells it from earlier ones.
 *
 * @throws DomusError 'busy' when one goes on there already, 'command-failed' when it does not start
 */
export async function startDetached(
  machine: Machine,
  argv: readonly string[],
  { folder, token, systemd }: { folder: string; token: string; systemd: boolean },
): Promise<void> {
  const words = [folder, token, systemd ? 'yes' : 'no', ...argv]
  const { exitCode, stderr } = await machine.run(['sh', '-c', START, 'sh', ...words])
  if (exitCode === 0) return
  throw new DomusError(
    exitCode === 75 ? 'busy' : 'command-failed',
    `cannot start ${shellLine(argv)} on ${machine.address}: ${stderr.trim()}`,
  )
}

/**
 * Looks at a program that was started so, at its end or after `waitSeconds` (a whole number; 0 when absent), whichever
 * comes first; when none was started, none will be under that token.
 *
 * @throws DomusError 'command-failed' when the answer is none
 */
export async function lookDetached(
  machine: Machine,
  {
    folder,
    token: sought,
    offset,
    waitSeconds = 0,
  }: { folder: string; token: string; offset: number; waitSeconds?: number },
): Promise<DetachedState> {
  const asked = [folder, String(offset), sought, String(waitSeconds)]
  const result = await machine.run(['sh', '-c', LOOK, 'sh', ...asked])
  const end = result.stdout.indexOf('\n')
  const [kind, ...words] = result.stdout.slice(0, end).split(' ')
  const log = result.stdout.slice(end + 1)
  const token = words.at(-1) ?? ''
  if (kind === 'absent') return { kind }
  if (kind === 'going' || kind === 'lost') return { kind, token, log }
  if (kind === 'ended') return { kind, exitCode: Number(words[0]), token, log }
  throw noAnswer(machine, folder, result)
}

const noAnswer = (machine: Machine, folder: string, { stdout, stderr }: CommandResult) =>
  new DomusError(
    'command-failed',
    `cannot look at ${folder} on ${machine.address}: ${(stderr || stdout).trim()}`,
  )
