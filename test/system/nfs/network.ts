import { execa } from 'execa'
import { type Holder, hold, type Sandbox } from './sandbox.ts'

/** A client machine on the server's network. */
export interface Client extends Holder {
  readonly address: string
  /** Runs a command there; never throws. */
  run(argv: readonly string[]): Promise<{ exitCode: number; stdout: string; stderr: string }>
}

/** Gives the server a network 38.99.2.0/24 with a bridge, on which it is 38.99.2.7. */
export const openNetwork = (server: Sandbox) =>
  server.sh('ip link add dmbr type bridge; ip addr add 38.99.2.7/24 dev dmbr; ip link set dmbr up')

/** Puts a client with an address on the server's network; its interface goes with it. */
export async function openClient(server: Sandbox, address: string): Promise<Client> {
  const holder = await hold('-n', 'ip link set lo up')
  const port = `dm${address.split('.').at(-1)}`
  await server.sh(
    'ip link add "$1" type veth peer name eth0 netns "$2"; ip link set "$1" master dmbr up',
    port,
    String(holder.pid),
  )
  const enter = ['-t', String(holder.pid), '-n', '--']
  await execa('nsenter', [...enter, 'ip', 'addr', 'add', `${address}/24`, 'dev', 'eth0'])
  await execa('nsenter', [...enter, 'ip', 'link', 'set', 'eth0', 'up'])
  return {
    ...holder,
    address,
    async run(argv) {
      const result = await execa('nsenter', [...enter, ...argv], { reject: false, timeout: 20_000 })
      return { exitCode: result.exitCode ?? -1, stdout: String(result.stdout), stderr: String(result.stderr) }
    },
  }
}

/** A daemon inside the server; it ends with `close`. */
export interface Daemon {
  /** Waits for a line of its output that matches; those before `from` do not count. */
  said(pattern: RegExp, from?: number): Promise<string>
  /** Lines so far. */
  count(): number
  close(): Promise<void>
}

/** Starts a daemon inside; it stays in the foreground. */
export function startDaemon(server: Sandbox, argv: readonly string[]): Daemon {
  // It dies with us, however we die.
  const [program = '', ...rest] = [...server.enter, 'setpriv', '--pdeathsig', 'KILL', ...argv]
  const child = execa(program, rest, { reject: false, all: true, stdin: 'ignore', buffer: false })
  const lines: string[] = []
  let wake: () => void = () => undefined
  let isOver = false
  const reading = (async () => {
    for await (const line of child.iterable({ from: 'all' })) {
      lines.push(String(line))
      wake()
    }
    isOver = true
    wake()
  })()
  return {
    async said(pattern, from = 0) {
      for (;;) {
        const found = lines.slice(from).find((line) => pattern.test(line))
        if (found !== undefined) return found
        if (isOver) throw new Error(`${argv[0]} ended without ${pattern}: ${lines.join('\n')}`)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
    count: () => lines.length,
    async close() {
      child.kill('SIGTERM')
      await child
      await reading
    },
  }
}
