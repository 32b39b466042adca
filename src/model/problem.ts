/** One mistake in what the user gave, or one warning about it; `path` looks like `networks/lan/cidr`. */
export interface Problem {
  readonly path: string
  readonly message: string
}
