/** A kernel version as far as rules care: major, minor, patch. */
export type Version = readonly [major: number, minor: number, patch: number]

/** Reads the leading numbers of `6.1.192`, `6.12.107+deb12-amd64` or `7.0-rc1`; undefined for anything else. */
export function parseVersion(text: string): Version | undefined {
  const match = /^(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?/.exec(text)
  if (match === null) return undefined
  return [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)]
}

/** Negative, zero or positive, as for sort. */
export function compareVersions(a: Version, b: Version): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2]
}

/**
 * Says whether a version lies in a range of releases, both ends included.
 *
 * `until: '6.17'` covers 6.17.12 as well: an end names a release, not a point in it.
 */
export function isWithin(
  version: Version,
  range: { since?: string | undefined; until?: string | undefined },
) {
  const since = range.since === undefined ? undefined : parseVersion(range.since)
  const until = range.until === undefined ? undefined : parseVersion(range.until)
  if (since !== undefined && compareVersions(version, since) < 0) return false
  return until === undefined || compareVersions([version[0], version[1], 0], [until[0], until[1], 0]) <= 0
}
