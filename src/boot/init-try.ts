import type { Guest } from '../model/inventory.ts'

/** An init that is being started; only what comes after it on the console tells whether it runs. */
export interface InitTry {
  /** The line that says so. */
  readonly detail: string
  /** Before it, in this order, and none of them could be run. */
  readonly tried: readonly string[]
  /** Undefined when an initramfs chooses it. */
  readonly path: string | undefined
  /** Lines of the kernel are told from a program's own by their time. */
  readonly isTimed: boolean
}

/**
 * The init that a line of the console says is being started; undefined for all other lines.
 *
 * The kernel says `Run X as init process` before it tries, says nothing of a file (or of its loader) that is not
 * there, and goes on to the next one. @see init/main.c, run_init_process and kernel_init
 */
export function initTryIn(line: string, { kernel }: Guest, before: InitTry | undefined): InitTry | undefined {
  const isTimed = FROM_KERNEL.test(line)
  const [handedOver] = HANDED_OVER.exec(line) ?? []
  if (handedOver !== undefined) return { detail: handedOver, tried: [], path: undefined, isTimed }
  const [detail, path] = /Run (\/\S+) as init process/.exec(line) ?? []
  if (detail === undefined || path === undefined) return undefined
  if (path === '/init' && kernel.initrd !== undefined) return undefined // the initramfs itself, long before the root
  return { detail, path, isTimed, tried: [...(before?.tried ?? []), before?.path ?? []].flat() }
}

const FROM_KERNEL = /^\s*\[ *\d+\.\d+\] /

// initramfs-tools and dracut, whose systemd names the unit with or without colours, when they leave the root to its init.
// That its journald is ended says nothing: it is, too, when dracut gives up and halts.
const HANDED_OVER = /Begin: Running \/scripts\/init-bottom|\bSwitching root\b|Starting .*Switch Root/

/** The last thing a kernel tries when nobody asked for it: a shell, with which no system comes up. */
export const isLastResort = ({ path, tried }: InitTry) => path === '/bin/sh' && tried.length > 0

export const describeLastResort = ({ tried }: InitTry) =>
  `the kernel could run none of ${tried.join(', ')} and started a shell: is there an init, and the loader it needs?`

/** Whether a line comes from the init itself, which so runs. */
export const isOfInit = (line: string, { isTimed }: InitTry) =>
  isTimed && line.trim() !== '' && !FROM_KERNEL.test(line) && !CANNOT_RUN.test(line)

const CANNOT_RUN = /error while loading shared libraries/ // the loader's last words; the panic comes next
