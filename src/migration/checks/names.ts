import { toolstacks } from '../../toolstack/kinds.ts'
import { fail, type Judge, ok, unknown } from '../check.ts'

/** Nothing on the target has the guest's name, one of its names on the way, its uuid, MAC or interface. */
export const checkNames: Judge = ({ guest: { domain, host }, to, facts: { source, target } }) => {
  if (target.kind === 'unknown') return unknown(target.reason)
  const { states, domains, interfaces } = target.value
  if (states.kind === 'unknown') return unknown(states.reason)
  const { incomingName, awayName } = toolstacks[to.toolstack]
  const names = [domain.name, incomingName(domain.name), awayName(domain.name)]
  const repair = `put it right: domus repair ${domain.name}`
  for (const { name, domid, uuid } of states.value) {
    const where = `${name} (domain ${domid} on ${to.name})`
    if (uuid === domain.uuid) return fail(`${where} has its uuid`, repair)
    if (names.includes(name))
      return fail(`${where} has its name`, `end that one, or rename it: xl rename ${domid} …`)
  }
  if (domains.kind === 'unknown') return unknown(domains.reason)
  for (const { name, domid, vifs } of domains.value)
    if (vifs.some(({ mac }) => mac === domain.mac))
      return fail(
        `${name} (domain ${domid} on ${to.name}) has its MAC ${domain.mac}`,
        `give one of them another mac`,
      )
  const own =
    source.kind === 'known' && source.value.domains.kind === 'known' ? source.value.domains.value : []
  const taken = own
    .filter(({ uuid }) => uuid === domain.uuid)
    .flatMap(({ vifs }) => vifs.flatMap(({ name }) => name ?? []))
    .find((name) => interfaces.includes(name))
  if (taken !== undefined)
    return fail(`${to.name} has an interface ${taken} already, as the guest's is called on ${host.name}`)
  return ok(`${names.join(', ')}, uuid and mac are free on ${to.name}`)
}
