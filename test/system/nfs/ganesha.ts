import type { LiveExport } from '../../../src/nfs/facts.ts'
import { type Daemon, startDaemon } from './network.ts'
import type { Sandbox } from './sandbox.ts'

const core = (minors: string) => `
NFS_CORE_PARAM { Protocols = 3,4; NFS_Port = 2049; MNT_Port = 20048; Enable_NLM = false; Enable_RQUOTA = false; Enable_UDP = false; }
NFSv4 { Graceless = true; Minor_Versions = ${minors}; }
EXPORT_DEFAULTS { Access_Type = None; SecType = sys; Protocols = 3,4; Transports = TCP; Anonymous_uid = 65534; Anonymous_gid = 65534; }
LOG { Default_Log_Level = EVENT; }
`

/** Says to ganesha what a live table of the kernel's server says: a server that works the same, in user space. */
export function blocksOf(table: readonly LiveExport[]): string {
  const byPath = Map.groupBy(table, ({ path }) => path)
  return [...byPath]
    .map(([path, entries], at) => {
      const clients = entries.map(
        ({ client, options }) =>
          `CLIENT { Clients = ${client}; Access_Type = ${options.has('rw') ? 'RW' : 'RO'}; Squash = ${options.has('no_root_squash') ? 'No_Root_Squash' : 'Root_Squash'}; PrivilegedPort = ${String(!options.has('insecure'))}; }`,
      )
      return `EXPORT { Export_Id = ${at + 1}; Path = "${path}"; Pseudo = "${path}"; FSAL { Name = VFS; } ${clients.join(' ')} }\n`
    })
    .sort()
    .join('')
}

/** Starts rpcbind and ganesha with these EXPORT blocks and minor versions of NFS 4, and waits until they serve. */
export async function startGanesha(
  server: Sandbox,
  blocks: string,
  minors = '0,1,2',
): Promise<Pick<Daemon, 'close'>> {
  await server.machine.writeFile('/run/ganesha.conf', { content: `${core(minors)}${blocks}`, mode: 0o644 })
  const rpcbind = startDaemon(server, ['rpcbind', '-f', '-w'])
  await server.sh('timeout 20 sh -c "until rpcinfo -p 127.0.0.1 >/dev/null 2>&1; do :; done"')
  const ganesha = startDaemon(server, [
    ...['ganesha.nfsd', '-F', '-f', '/run/ganesha.conf', '-L', '/dev/stdout', '-p', '/run/ganesha.pid'],
  ])
  await ganesha.said(/NFS SERVER INITIALIZED/)
  return {
    async close() {
      await ganesha.close()
      await rpcbind.close()
    },
  }
}
