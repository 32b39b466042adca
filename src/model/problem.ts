/** One mistake in what the user gave, or one warning about it; `path` looks like `networks/lan/cidr`. */
export interface Problem {
  readonly path: string
  readonly message: string
}

/** Each once, in the order of their first. */
export const unique = (problems: readonly Problem[]): Problem[] => [
  ...new Map(problems.map((one) => [`${one.path} ${one.message}`, one])).values(),
]
