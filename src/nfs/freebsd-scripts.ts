/** The scripts that look at and reload a FreeBSD NFS server; each line of output begins with a letter, as on Linux. */

const TAGGED = `
PATH=$PATH:/usr/sbin:/sbin:/usr/local/sbin; export PATH
exec 4>&1
tag() { sed "s/^/$1 /" >&4; }
say() { [ -z "$2" ] || printf '%s\\n' "$2" | tag "$1"; }`

const SHOW_TABLE = `
show_table() { e=$( { showmount -e localhost | tag L; } 2>&1 ); say l "$e"; }`

const LOOK = `# looks at the NFS exports${TAGGED}${SHOW_TABLE}
if [ -x /usr/local/bin/midclt ] || grep -qs -e TrueNAS -e FreeNAS /etc/version; then echo TrueNAS | tag A; fi
show_table
mount -p | tag D
paths=$(cat)
[ -n "$paths" ] || exit 0
printf '%s\\n' "$paths" | xargs stat -L -f '%N %HT' 2>/dev/null | tag T
printf '%s\\n' "$paths" | while IFS= read -r path; do realpath -q "$path" || echo; done | tag R`

// mountd reports a bad line to syslog only, and a reload always "succeeds".
const LOG = '/var/log/messages'

const MARK = `# measures the system log${TAGGED}
{ wc -c <${LOG} || echo 0; } 2>/dev/null | tr -d ' ' | tag S`

const RELOAD = `# sends SIGHUP to mountd${TAGGED}
pid=$(cat /var/run/mountd.pid) && kill -HUP "$pid" || exit 1`

// SIZE: what is exported, and what mountd has said since the log was SIZE bytes long.
const RESULT = `# looks at what mountd made of its exports${TAGGED}${SHOW_TABLE}
show_table
tail -c +"$(($1 + 1))" ${LOG} 2>/dev/null | grep mountd | tag G
exit 0`

/**
 * Paths on standard input: `A` product that owns the exports · `L` what showmount prints, `l` what is wrong with
 * it · `D` mount table as fstab(5) · `T` a path and its type · `R` the real path of each, in the order asked
 */
export const lookArgv = ['sh', '-c', LOOK]

/** `S` the length of the system log in bytes. */
export const logSizeArgv = ['sh', '-c', MARK]

/** Sends SIGHUP to mountd. */
export const reloadArgv = ['sh', '-c', RELOAD]

/** `L` and `l` as above · `G` what mountd has logged since the log had that length. */
export const resultArgv = (logSize: number) => ['sh', '-c', RESULT, 'sh', String(logSize)]
