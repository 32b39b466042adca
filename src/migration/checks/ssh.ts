import { fail, type Judge, ok, unknown, warn } from '../check.ts'
import type { WayLook } from '../look.ts'

/** The host reaches the target by ssh without asking anybody, it is the right one, and xl is found there. */
export const checkSsh: Judge = ({ guest: { host }, to, facts: { source, target } }) => {
  if (source.kind === 'unknown') return unknown(source.reason)
  const { way } = source.value
  if (way === undefined)
    return fail(
      `how ${host.name} reaches ${to.name} is not known: its machine is ${to.machine}`,
      `give host ${to.name} a migrateAddress: ssh://…`,
    )
  const [first, second] = way.said
  if (way.exitCode !== 0) return fault(way, host.name, to.name)
  const at =
    target.kind === 'known' && target.value.bootId !== undefined ? way.said.indexOf(target.value.bootId) : -1
  if (target.kind === 'unknown')
    return unknown(`whether ssh from ${host.name} reaches ${to.name}: ${target.reason}`)
  if (at < 0)
    return fail(
      `ssh from ${host.name} reaches another machine than ${to.name} (boot id ${first ?? second}, wanted ${target.value.bootId})`,
      `change the machine or the migrateAddress of host ${to.name}`,
    )
  if (at > 0)
    return warn(
      `ssh from ${host.name} to ${to.name} is greeted with ${JSON.stringify(way.said.slice(0, at).join(' '))}: on standard output that ends a migration`,
      'keep the start files of the shell there silent when nobody sits before it',
    )
  return ok(`ssh from ${host.name} reaches ${to.name}, and xl is on its path`)
}

function fault({ exitCode, said }: WayLook, from: string, to: string) {
  const words = said.at(-1) ?? 'it said nothing'
  if (exitCode === 124)
    return fail(
      `ssh from ${from} to ${to} does not answer`,
      'let it through, or give the host another migrateAddress',
    )
  if (exitCode === 127 || /xl: (?:command )?not found/.test(said.join('\n')))
    return fail(
      `xl is not on the path of a command by ssh from ${from} on ${to}`,
      `put the folder of xl on that path: PATH in /etc/environment, or a link in /usr/bin`,
    )
  if (exitCode === 255)
    return fail(
      `ssh from ${from} to ${to} is refused: ${words}`,
      'try it there: the key of the user that runs xl must be known to the target, and the target to its known_hosts',
    )
  return fail(
    `xl does not work by ssh from ${from} on ${to}: ${words}`,
    `try it on ${from}: ssh ${to} xl list`,
  )
}
