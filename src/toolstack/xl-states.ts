import { DomusError } from '../errors.ts'
import type { DomainState } from './toolstack.ts'

// Name, ID, memory, VCPUs, state, seconds; with -v also the UUID and more. Names that hold blanks work too:
// the numbers that follow are found from the left, as few characters of name as possible.
const LINE =
  /^(.*?)\s+(\d+)\s+(\d+)\s+(\d+)\s+([r-][b-][p-][s-][-rscwS?][d-])\s+[\d.]+(?:\s+([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}))?(?:\s|$)/

/** Reads the table of `xl list`, with or without -v; dom0 is left out. @throws DomusError 'command-failed' for other text */
export function parseStates(stdout: string): DomainState[] {
  const [heading = '', ...lines] = stdout.split('\n').filter((line) => line.trim() !== '')
  if (!/^Name\s+ID\s+Mem\s+VCPUs\s+State\s/.test(heading)) throw notAList(heading)
  return lines.map(stateOf).filter(({ domid }) => domid !== 0)
}

function stateOf(line: string): DomainState {
  const [, name, domid, memory, , flags, uuid] = LINE.exec(line) ?? []
  if (name === undefined || flags === undefined) throw notAList(line)
  return { name, domid: Number(domid), state: meaning(flags), flags, memoryMiB: Number(memory), uuid }
}

/**
 * `rbpsXd`, where X is the reason of a shutdown (xl_list.c: shutdown_reason_letters): suspend and reboot go
 * on by themselves. Paused says little: xl pauses a guest for moments of its own.
 */
function meaning(flags: string): DomainState['state'] {
  if (flags[5] === 'd') return 'ending'
  if (flags[3] !== 's') return 'running'
  switch (flags[4]) {
    case 's':
    case 'r':
    case 'S':
      return 'running'
    case 'c':
    case 'w':
      return 'crashed'
    default:
      return 'ending'
  }
}

const notAList = (line: string) =>
  new DomusError('command-failed', `xl list gave a line that is not of its table: ${JSON.stringify(line)}`)
