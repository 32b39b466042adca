import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'

/** A real sshd on loopback, with keys of its own, and a client configuration that leads to it. */
export interface Sshd {
  readonly folder: string
  readonly port: number
  /** Knows `dm-good`, and hosts that fail in one way each. */
  readonly configFile: string
  /** Ends every open connection, as a network that breaks would. */
  cut(): Promise<void>
  close(): Promise<void>
}

/** `forceCommand` runs in place of what a client asks for, which it finds in SSH_ORIGINAL_COMMAND. */
export async function startSshd(forceCommand?: string): Promise<Sshd> {
  const folder = await mkdtemp(join(tmpdir(), 'domus-sshd-'))
  const at = (name: string) => join(folder, name)
  for (const key of ['host', 'other', 'user', 'stranger']) {
    await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', at(key)])
  }
  const port = await freePort()
  const hostKey = (await readFile(at('host.pub'), 'utf8')).split(' ').slice(0, 2).join(' ')
  const otherKey = (await readFile(at('other.pub'), 'utf8')).split(' ').slice(0, 2).join(' ')
  await writeFile(at('known'), `[127.0.0.1]:${port} ${hostKey}\n`)
  await writeFile(at('changed'), `[127.0.0.1]:${port} ${otherKey}\n`)
  await writeFile(at('none'), '')
  await writeFile(at('sshd_config'), serverConfig(folder, port, forceCommand))
  await writeFile(at('ssh_config'), clientConfig(folder, port, await freePort()))
  await mkdir('/run/sshd', { recursive: true })
  const daemon = execa('/usr/sbin/sshd', ['-D', '-e', '-f', at('sshd_config')], {
    reject: false,
    buffer: false,
  })
  await once(daemon.stderr, 'data') // "Server listening on 127.0.0.1 port …"
  return {
    folder,
    port,
    configFile: at('ssh_config'),
    async cut() {
      const children = await readFile(`/proc/${daemon.pid}/task/${daemon.pid}/children`, 'utf8')
      for (const pid of children.trim().split(' ').filter(Boolean)) process.kill(Number(pid), 'SIGKILL')
    },
    async close() {
      daemon.kill()
      await daemon
      await rm(folder, { recursive: true })
    },
  }
}

const serverConfig = (folder: string, port: number, forceCommand?: string) => `
ListenAddress 127.0.0.1:${port}
HostKey ${folder}/host
AuthorizedKeysFile ${folder}/user.pub
PidFile none
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin yes
StrictModes no
MaxSessions 50
${forceCommand === undefined ? '' : `ForceCommand ${forceCommand}\n`}`

const clientConfig = (folder: string, port: number, closedPort: number) => `
Host dm-refused
  Port ${closedPort}
Host dm-unknown
  UserKnownHostsFile ${folder}/none
Host dm-changed
  UserKnownHostsFile ${folder}/changed
Host dm-denied
  IdentityFile ${folder}/stranger
Host * !dm-denied
  IdentityFile ${folder}/user
Host *
  HostName 127.0.0.1
  Port ${port}
  IdentitiesOnly yes
  UserKnownHostsFile ${folder}/known
  GlobalKnownHostsFile none
`

/** A port nobody listens on just now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
