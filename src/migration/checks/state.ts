import { toolstacks } from '../../toolstack/kinds.ts'
import { fail, type Judge, ok, unknown } from '../check.ts'
import { copiesOn } from '../copies.ts'

/** The guest runs on its host, whole: not paused, crashed, half migrated, or on its way already. */
export const checkState: Judge = ({ guest, to, facts: { source, target } }) => {
  const { domain, host } = guest
  if (host.name === to.name) return fail(`${domain.name} is on ${to.name} already`)
  if (source.kind === 'unknown') return unknown(source.reason)
  const { states, leaving, bootId } = source.value
  if (target.kind === 'known' && bootId !== undefined && bootId === target.value.bootId)
    return fail(`${host.name} and ${to.name} are one machine`, `change the machine of host ${to.name}`)
  if (states.kind === 'unknown') return unknown(states.reason)
  if (leaving.some((words) => words.split(' ').includes(domain.name)))
    return fail(`${domain.name} is being migrated already`, 'wait for the end of that')
  const copies = copiesOn(
    host.name,
    states.value,
    { domain: domain.name, uuid: domain.uuid },
    toolstacks[host.toolstack],
  )
  const [copy] = copies
  if (copy === undefined) {
    const other = states.value.find(({ name }) => name === domain.name)
    if (other !== undefined)
      return fail(
        `another guest has its name on ${host.name}: uuid ${other.uuid}`,
        `end that one: xl destroy ${other.domid}`,
      )
    return fail(
      `${domain.name} does not run on ${host.name}`,
      `start it, or put it elsewhere for its next start: change its host and run domus apply`,
    )
  }
  if (copies.length > 1 || copy.role !== 'own' || copy.condition === 'suspended')
    return fail(
      `an earlier migration is not finished: ${copies.map(({ name, condition }) => `${name} (${condition})`).join(', ')} on ${host.name}`,
      `put it right: domus repair ${domain.name}`,
    )
  switch (copy.condition) {
    case 'running':
      return ok(`runs on ${host.name}, as domain ${copy.domid}`)
    case 'paused':
      return fail(`is paused on ${host.name}`, `let it run: xl unpause ${domain.name}`)
    case 'crashed':
    case 'ending':
      return fail(`is ${copy.condition} on ${host.name}`, `end it: domus destroy ${domain.name}`)
  }
}
