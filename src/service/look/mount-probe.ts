import { describeError } from '../../errors.ts'
import type { Machine } from '../../machine/machine.ts'
import type { Guest } from '../../model/inventory.ts'
import type { Known } from '../../nfs/facts.ts'
import { MOUNT_CLIENT, MOUNT_SCRIPT } from './mount-script.ts'

/**
 * Mounts a guest's root with the guest's own address from its host, and looks for its init; changes nothing that
 * outlives the question.
 *
 * Only for a guest that does not run: its address is taken for a moment.
 */
export async function tryMount(
  machine: Machine,
  { domain, network, server, image }: Guest,
  init: string,
): Promise<Known<{ isOk: boolean; detail: string }>> {
  const words = [domain.address, network.bridge, server.address, image.path, domain.nfsVersion, init]
  const argv = ['bash', '-c', MOUNT_SCRIPT, 'bash', ...words, MOUNT_CLIENT]
  try {
    const { stdout, stderr } = await machine.run(argv, { timeoutMs: 45_000 })
    const [verdict, detail = ''] = stdout.trim().split('\t')
    if (verdict === 'ok' || verdict === 'no')
      return { kind: 'known', value: { isOk: verdict === 'ok', detail } }
    const reason =
      verdict === 'unknown' ? detail : (stdout + stderr).trim().split('\n')[0] || 'it said nothing'
    return { kind: 'unknown', reason: `asked from ${machine.address}: ${reason}` }
  } catch (error) {
    return { kind: 'unknown', reason: describeError(error) }
  }
}
