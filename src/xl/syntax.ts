/** Where something begins: both count from 1; a column is a character of the line. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** A value as it is written. `text` is what xl makes of a string; a number stays text, as xl keeps it. */
export type Value =
  | { readonly kind: 'text'; readonly text: string; readonly isNumber: boolean; readonly at: Position }
  | { readonly kind: 'list'; readonly items: readonly Value[]; readonly at: Position }

/** `key = value` or `key += value`; `at` is where the key begins. */
export interface Assignment {
  readonly key: string
  readonly adds: boolean
  readonly value: Value
  readonly at: Position
}

/** Why xl would not read the file. */
export interface SyntaxFault {
  readonly at: Position
  readonly message: string
}
