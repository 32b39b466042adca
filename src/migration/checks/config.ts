import { OUR_MARK } from '../../plan/plan.ts'
import { toolstacks } from '../../toolstack/kinds.ts'
import { fail, type Judge, ok, unknown } from '../check.ts'

/** The guest's config can be written on the target. */
export const checkConfig: Judge = ({ guest: { domain }, to, facts: { targetConfig } }) => {
  const path = `${to.name}:${toolstacks[to.toolstack].configPath(domain.name)}`
  switch (targetConfig.kind) {
    case 'unknown':
      return unknown(targetConfig.reason)
    case 'absent':
      return ok(`${path} is free`)
    case 'file':
      return targetConfig.content.startsWith(OUR_MARK)
        ? ok(`${path} is ours`)
        : fail(`${path} is there already and is not ours`, 'move it away')
  }
}
