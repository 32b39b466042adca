/** Rows in one statement: with up to six values each they stay far below SQLite's 32 766 parameters. */
const CHUNK = 500

/** Cuts a list into pieces that fit one statement. */
export const inChunks = <T>(list: readonly T[]): T[][] =>
  Array.from({ length: Math.ceil(list.length / CHUNK) }, (_, index) =>
    list.slice(index * CHUNK, (index + 1) * CHUNK),
  )
