import type { BootStage } from './events.ts'

/** How far the boot of one guest is known to have come; part of its entry in the index. */
export interface BootProgress {
  /** One bit per stage. */
  stages: number
  /** When the first message of this boot came, in milliseconds since 1970. */
  startedAt: number
}

const BITS: Record<BootStage, number> = {
  discover: 1,
  offer: 2,
  request: 4,
  ack: 8,
  nak: 16,
  'bootp-request': 32,
  'bootp-reply': 64,
}

/** Stages a boot can begin with: a client that knows its address skips the DISCOVER. */
const OPENERS = BITS.discover | BITS.request | BITS['bootp-request']

/** An opener that repeats after this time is a new boot, not a client that waits: the kernel repeats within 30 s. */
const SAME_BOOT_MS = 35_000

/** Notes a stage; true when it is the first of its kind in this boot. */
export function reachStage(progress: BootProgress, stage: BootStage, now: number): boolean {
  const bit = BITS[stage]
  if ((progress.stages & bit) !== 0) {
    if ((bit & OPENERS) === 0 || now - progress.startedAt < SAME_BOOT_MS) return false
    progress.stages = 0
  }
  if (progress.stages === 0) progress.startedAt = now
  progress.stages |= bit
  return true
}
