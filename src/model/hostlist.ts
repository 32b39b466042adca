const GROUP = /^([^[\]]*)\[([^[\]]*)\](.*)$/s
const LIMIT = 65_536

/**
 * Expands a hostlist as ClusterShell and Slurm write them: `web[01-03,7]` is web01 web02 web03 web7.
 *
 * Leading zeros give the width; several groups multiply. A text without brackets is a list of one.
 *
 * @returns undefined when the brackets hold anything but numbers and ranges, or more than 65 536 names come out
 */
export function expandHostlist(text: string): string[] | undefined {
  const match = GROUP.exec(text)
  if (!match) return /[[\]]/.test(text) ? undefined : [text]
  const [, head = '', group = '', tail = ''] = match
  const numbers = expandGroup(group)
  const tails = expandHostlist(tail)
  if (!numbers || !tails || numbers.length * tails.length > LIMIT) return undefined
  return numbers.flatMap((number) => tails.map((rest) => `${head}${number}${rest}`))
}

function expandGroup(group: string): string[] | undefined {
  const numbers: string[] = []
  for (const part of group.split(',')) {
    const match = /^(\d{1,9})(?:-(\d{1,9}))?$/.exec(part)
    if (!match) return undefined
    const [, first = '', last = first] = match
    if (Number(last) < Number(first) || Number(last) - Number(first) >= LIMIT) return undefined
    for (let number = Number(first); number <= Number(last); number++)
      numbers.push(String(number).padStart(first.length, '0'))
  }
  return numbers
}
