import { fail, type Judge, ok, unknown } from '../check.ts'

/** xl speaks JSON on both hosts. */
export const checkOutput: Judge = ({ guest: { host }, to, facts: { source, target } }) => {
  if (source.kind === 'unknown') return unknown(source.reason)
  if (target.kind === 'unknown') return unknown(target.reason)
  const [odd] = [
    [host.name, source.value.outputFormat] as const,
    [to.name, target.value.outputFormat] as const,
  ].filter(([, format]) => format !== undefined && format !== 'json')
  if (odd === undefined) return ok('JSON on both')
  return fail(
    `xl on ${odd[0]} is told to speak ${odd[1]}`,
    `set output_format="json" in /etc/xen/xl.conf of ${odd[0]}`,
  )
}
