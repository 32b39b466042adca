import type { KernelInput } from '../check.ts'
import type { Subject } from '../judge.ts'
import type { KernelRequest } from '../request.ts'
import type { Finding } from '../verdict.ts'

/** Says what an initramfs lacks to mount the root of this request over NFS with this kernel. */
export function initramfsFindings(
  { initramfs }: Pick<KernelInput, 'initramfs' | 'image' | 'config'>,
  _subject: Subject,
  _request: KernelRequest,
): readonly Finding[] {
  if (initramfs === undefined) return []
  return []
}
