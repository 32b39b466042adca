import { portsLink } from '../../boot/links/server.ts'
import type { Judge } from '../check.ts'

/** The guest's NFS server answers the target. */
export const checkServer: Judge = ({ guest, to, facts: { server } }) => {
  const { status, detail, fix } = portsLink({ ...guest, host: to }, server)
  return { status, detail: `asked from ${to.name}: ${detail}`, ...(fix !== undefined && { fix }) }
}
