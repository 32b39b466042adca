import type { BootFacts } from '../../boot/facts.ts'
import { serverLink } from '../../boot/links/server.ts'
import type { Judge } from '../check.ts'

/** The guest's NFS server answers the target. */
export const checkServer: Judge = ({ guest, to, facts: { server } }) => {
  // Only the fact about the server is looked at by this link.
  const { status, detail, fix } = serverLink({ ...guest, host: to }, { server } as BootFacts)
  return { status, detail: `asked from ${to.name}: ${detail}`, ...(fix !== undefined && { fix }) }
}
