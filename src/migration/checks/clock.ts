import { fail, type Judge, ok, unknown, warn } from '../check.ts'

const WARN_SECONDS = 1
const FAIL_SECONDS = 60

/** The clocks agree: a guest takes its time from the host, and its NFS server compares. */
export const checkClock: Judge = ({ guest: { host }, to, facts: { source } }) => {
  if (source.kind === 'unknown') return unknown(source.reason)
  const { way } = source.value
  const there = way?.said.flatMap((line) => (/^\d{10,}\.\d+$/.test(line) ? [Number(line)] : []))[0]
  if (way === undefined || there === undefined)
    return unknown(`${to.name} could not be asked from ${host.name}`)
  // It was read at some time between the two.
  const skew = there < way.before ? there - way.before : there > way.after ? there - way.after : 0
  const words = `the clock of ${to.name} is ${Math.abs(skew).toFixed(1)} s ${skew < 0 ? 'behind' : 'ahead of'} that of ${host.name}`
  const fix = 'let both follow the same time server'
  if (Math.abs(skew) > FAIL_SECONDS) return fail(words, fix)
  if (Math.abs(skew) > WARN_SECONDS) return warn(words, fix)
  return ok(`the clocks differ by less than ${Math.max(WARN_SECONDS, way.after - way.before).toFixed(1)} s`)
}
