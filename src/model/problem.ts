/** One mistake in what the user gave, or one warning about it; `path` looks like `networks/lan/cidr`. */
export interface Problem {
  readonly path: string
  readonly message: string
}

/** Each once, in the order of their first. */
export const unique = (problems: readonly Problem[]): Problem[] => [
  ...new Map(problems.map((one) => [`${one.path} ${one.message}`, one])).values(),
]

const MANY = 20

/** Names for a message: of very many the first, since each mistake may tell them. */
export const listed = (names: readonly string[]): string =>
  names.length === 0 ? 'none' : `${names.slice(0, MANY).join(', ')}${names.length > MANY ? ', …' : ''}`
