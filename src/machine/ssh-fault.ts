import { DomusError } from '../errors.ts'
import type { MachineAddress } from '../model/grammar.ts'
import { commandName } from './shell-quote.ts'

/** Where ssh connects to, from `ssh://[user@]host[:port]`. */
export interface SshTarget {
  readonly host: string
  /** `[user@]host`, as ssh takes it. */
  readonly destination: string
  readonly port?: string
}

/** Whether the command can have begun: `connect` failed before, `command` while it ran. */
export type SshPhase = 'connect' | 'command'

const LOST: Readonly<Record<SshPhase, string>> = {
  connect: 'its ssh server closed the connection before we were in; its log says why',
  command: 'the connection was cut; whether the command was carried out is not known',
}

type Meaning = (target: SshTarget, phase: SshPhase) => string

/** What ssh says, and what it means for the user; the first that fits wins. */
const FAULTS: readonly (readonly [said: RegExp, meaning: Meaning])[] = [
  [
    /REMOTE HOST IDENTIFICATION HAS CHANGED|host key .* has changed/i,
    ({ host }) =>
      `its host key is not the known one: if the machine was set up anew, run ssh-keygen -R ${host}`,
  ],
  [
    /Host key verification failed|No .* host key is known/,
    (target) =>
      `its host key is not known here: run ssh ${loginWords(target)} once and compare the fingerprint`,
  ],
  [
    /Permission denied \(|Too many authentication failures/,
    (target) =>
      `permission denied: it takes none of our keys; run ssh-copy-id ${loginWords(target)}, or name the key in the ssh configuration`,
  ],
  [
    /Connection refused/,
    ({ port }) =>
      `connection refused: no ssh server listens on ${port === undefined ? 'its ssh port' : `port ${port}`}`,
  ],
  [
    /timed out during banner exchange/,
    () =>
      'its ssh port takes the connection, but nothing greets us there in time: the machine is overloaded, or this is no ssh server',
  ],
  [/timed out|Timeout, server .* not responding/, (_target, phase) => NO_ANSWER[phase]],
  [
    /Could not resolve hostname|Name or service not known/,
    ({ host }) => `no address is known for ${host}: use its IP address, or put it into DNS`,
  ],
  [/No route to host|Network is unreachable/, () => 'no route to it: check the network of this machine'],
  [
    /[Cc]losed|Connection reset|Broken pipe|kex_exchange_identification|mux_client|client_loop/,
    (_target, phase) => LOST[phase],
  ],
]

const NO_ANSWER: Readonly<Record<SshPhase, string>> = {
  connect: 'no answer in time: it is down, or a firewall drops the packets',
  command: 'it answers no more; whether the command was carried out is not known',
}

/** The error of ssh's exit code 255: machine, command, reason and fix. */
export function sshFault(
  address: MachineAddress,
  target: SshTarget,
  argv: readonly string[],
  stderr: string,
  phase: SshPhase = 'command',
): DomusError {
  const said = stderr.trim().split('\n').at(-1) ?? ''
  const meaning = FAULTS.find(([pattern]) => pattern.test(stderr))?.[1](target, phase)
  const reason = meaning ?? (said === '' ? LOST[phase] : said)
  return new DomusError('unreachable', `cannot reach ${address} to run ${commandName(argv)}: ${reason}`, {
    ...(said !== '' && { cause: new Error(said) }),
  })
}

const loginWords = ({ destination, port }: SshTarget) =>
  port === undefined ? destination : `-p ${port} ${destination}`
