import { once } from 'node:events'
import { chmodSync, linkSync, lstatSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { createServer, type Server as HttpServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import { dirname, join } from 'node:path'
import type { Settings } from '../config.ts'
import { DomusError } from '../errors.ts'
import type { Server } from './context.ts'

const LONGEST_PATH = 107 // bytes, unix(7): sun_path less its NUL

/**
 * Listens on a unix socket of mode 0660. The file of a service that is dead is replaced.
 *
 * Of several services that start at once one gets it: each binds a name of its own, and takes the common one by
 * link(2), which never replaces anything.
 *
 * @throws DomusError 'busy' when a living service listens there, 'conflict' when the path is no socket,
 * 'invalid-input' when it is too long
 */
export async function listenOnSocket(server: Server, path: string): Promise<void> {
  const own = join(dirname(path), `.${process.pid}`)
  for (const one of [path, own])
    if (Buffer.byteLength(one) > LONGEST_PATH)
      throw new DomusError(
        'invalid-input',
        `socket ${one} is too long: it can have at most ${LONGEST_PATH} bytes`,
      )
  await refuseLiving(path)
  rmSync(own, { force: true }) // of a dead process with our number
  try {
    await server.listen({ path: own, listenTextResolver: () => `listening on ${path}` })
  } catch (cause) {
    throw new DomusError('internal', `cannot listen on ${path}`, { cause })
  }
  chmodSync(own, 0o660)
  try {
    while (!tryLink(own, path)) await removeStale(path)
  } finally {
    rmSync(own)
  }
  const { ino } = lstatSync(path)
  server.server.on('close', () => {
    if (lstatSync(path, { throwIfNoEntry: false })?.ino === ino) rmSync(path)
  })
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to)
    return true
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'EEXIST') return false
    throw new DomusError('internal', `cannot make the socket ${to}`, { cause })
  }
}

/** Moves the file away first: whatever it is by then, nobody else can take it for stale at the same time. */
async function removeStale(path: string): Promise<void> {
  await refuseLiving(path)
  const moved = join(dirname(path), `.${process.pid}-old`)
  try {
    renameSync(path, moved)
  } catch {
    return // somebody else was faster: look again
  }
  const isAlive = await isAnswered(moved)
  if (isAlive) tryLink(moved, path)
  rmSync(moved)
  if (isAlive) throw taken(path)
}

/** @throws DomusError when something is at the path that is not the socket of a dead service */
async function refuseLiving(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found === undefined) return
  if (!found.isSocket())
    throw new DomusError('conflict', `${path} is not a socket; move it away, or choose another socket`)
  if (await isAnswered(path)) throw taken(path)
}

const taken = (path: string) =>
  new DomusError('busy', `a service listens on ${path} already; stop it, or choose another socket`)

async function isAnswered(path: string): Promise<boolean> {
  const socket = connect(path)
  try {
    await once(socket, 'connect')
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED') return false
    throw new DomusError('busy', `cannot tell whether a service listens on ${path}`, { cause: error })
  } finally {
    socket.destroy()
  }
}

/** A second door to the same routes. */
export interface TcpDoor {
  readonly address: AddressInfo
  close(): Promise<void>
}

/**
 * Listens on `ADDRESS:PORT`, with TLS when there is a certificate.
 *
 * @throws DomusError 'invalid-input' when there are no tokens or the certificate cannot be read
 */
export async function listenOnTcp(
  server: Server,
  { listen, tokens, tls }: Pick<Settings, 'listen' | 'tokens' | 'tls'>,
): Promise<TcpDoor | undefined> {
  if (listen === undefined) return undefined
  if (tokens.length === 0)
    throw new DomusError(
      'invalid-input',
      `listen: ${listen} needs tokens: everybody who reaches it could do everything`,
    )
  const door = openDoor(server, tls)
  const at = listen.lastIndexOf(':')
  const host = listen.slice(0, at).replace(/^\[(.*)\]$/, '$1')
  try {
    door.listen({ host, port: Number(listen.slice(at + 1)) })
    await once(door, 'listening')
  } catch (cause) {
    throw new DomusError('busy', `cannot listen on ${listen}`, { cause })
  }
  return {
    address: door.address() as AddressInfo, // it listens on a port
    close: async () => {
      const closed = once(door, 'close')
      door.close()
      door.closeAllConnections()
      await closed
    },
  }
}

function openDoor(server: Server, tls: Settings['tls']): HttpServer {
  if (tls === undefined) return createServer((request, response) => server.routing(request, response))
  try {
    const files = { cert: readFileSync(tls.cert), key: readFileSync(tls.key) }
    return createTlsServer(files, (request, response) => server.routing(request, response))
  } catch (cause) {
    throw new DomusError('invalid-input', `tls: cannot use ${tls.cert} and ${tls.key}`, { cause })
  }
}
