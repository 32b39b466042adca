import { type Dialect, Kysely } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import { DomusError } from '../errors.ts'
import * as first from './migrations/0001-first.ts'
import * as revisions from './migrations/0002-revisions.ts'
import * as fences from './migrations/0003-fences.ts'
import * as marks from './migrations/0004-record-marks.ts'
import type { Database } from './schema.ts'
import { sqliteDialect } from './sqlite.ts'
import type { Store } from './store.ts'

/** All migrations by name, in order; imported here so that they are found in sources and in the package alike. */
const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-first': first,
  '0002-revisions': revisions,
  '0003-fences': fences,
  '0004-record-marks': marks,
}

/** THE TABLE: which database a URL means, by its scheme. */
const DIALECTS: Readonly<Record<string, (rest: string) => Dialect>> = {
  sqlite: (path) => sqliteDialect(path.replace(/^\/\/(?=\/)/, '')),
  postgres: notBuilt,
  postgresql: notBuilt,
}

/**
 * Opens the database of a URL, `sqlite:PATH` or `sqlite::memory:`, and brings its tables up to date.
 *
 * @throws DomusError 'invalid-input' for a URL of another kind, 'command-failed' when it cannot be opened
 */
export async function openStore(url: string): Promise<Store> {
  const [, scheme = '', rest = ''] = /^([a-z]+):(.*)$/s.exec(url) ?? []
  const dialectOf = DIALECTS[scheme]
  if (dialectOf === undefined || rest === '') {
    throw new DomusError('invalid-input', `database ${url} is of no known kind: use sqlite:PATH`)
  }
  const db = new Kysely<Database>({ dialect: dialectOf(rest) })
  try {
    await migrate(db)
  } catch (error) {
    await db.destroy()
    throw error
  }
  return { db, listeners: new Set(), close: () => db.destroy() }
}

function notBuilt(): never {
  throw new DomusError('invalid-input', 'PostgreSQL as the database is not built yet: use sqlite:PATH')
}

// One transaction holds the write lock from the first look on, so that two processes do not both migrate.
async function migrate(db: Kysely<Database>): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const migrator = new Migrator({ db: trx, provider: { getMigrations: async () => MIGRATIONS } })
    const { error } = await migrator.migrateToLatest()
    if (error === undefined) return
    const text = error instanceof Error ? error.message : String(error)
    const isNewer = /previously executed migration .* is missing/.test(text)
    const reason = isNewer ? 'a newer domus has changed it; use that version' : text
    throw new DomusError('command-failed', `cannot bring the database up to date: ${reason}`, {
      cause: error,
    })
  })
}
