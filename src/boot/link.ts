/** The links of a guest's boot, in the order in which a boot needs them. */
export const LINKS = [
  'kernel',
  'cmdline',
  'config',
  'dhcp',
  'export',
  'image',
  'server',
  'host',
  'claim',
] as const
export type LinkName = (typeof LINKS)[number]

/** One link of the chain, judged; `unknown` says in its detail why nobody can tell. */
export interface Link {
  readonly link: LinkName
  readonly status: 'ok' | 'warn' | 'fail' | 'unknown'
  readonly detail: string
  /** What to do about it. */
  readonly fix?: string
}
