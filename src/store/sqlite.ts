import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  SqliteAdapter,
  type SqliteDatabase,
  SqliteDialect,
  type SqliteDialectConfig,
  SqliteDriver,
  type TransactionSettings,
} from 'kysely'
import { DomusError } from '../errors.ts'

/** How long one process waits for another one's transaction, in milliseconds. */
const BUSY_MS = 10_000

/** Kysely's SQLite dialect over the SQLite built into Node; `path` may be `:memory:`. Makes the file, mode 0600. */
export function sqliteDialect(path: string): Dialect {
  const config: SqliteDialectConfig = { database: async () => asKyselyDatabase(openDatabase(path), path) }
  const dialect = new SqliteDialect(config)
  return {
    createDriver: () => new ImmediateDriver(config),
    createAdapter: () => new TransactionalDdlAdapter(),
    createIntrospector: (db) => dialect.createIntrospector(db),
    createQueryCompiler: () => dialect.createQueryCompiler(),
  }
}

function openDatabase(path: string): DatabaseSync {
  try {
    if (path !== ':memory:') makeFile(path)
    const db = new DatabaseSync(path, { timeout: BUSY_MS })
    useWal(db, performance.now() + BUSY_MS)
    db.exec('pragma synchronous = full; pragma foreign_keys = on')
    return db
  } catch (cause) {
    const fault = worldFault(path, cause)
    if (fault !== undefined) throw fault
    const message = `cannot open database ${path}; choose another with DOMUS_DATABASE or DOMUS_DATA`
    throw new DomusError('command-failed', message, { cause })
  }
}

// Of several that switch a new database at once SQLite refuses one without waiting: both hold what the other wants.
function useWal(db: DatabaseSync, deadlineMs: number): void {
  try {
    db.exec('pragma journal_mode = wal')
  } catch (cause) {
    if (resultCode(cause) !== BUSY || performance.now() > deadlineMs) throw cause
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10) // milliseconds
    useWal(db, deadlineMs)
  }
}

// SQLite would make it readable by all; it holds the audit log.
function makeFile(path: string): void {
  const folder = dirname(path)
  if (!existsSync(folder)) mkdirSync(folder, { mode: 0o700 })
  closeSync(openSync(path, 'a', 0o600))
}

/** Takes the write lock at the start: a transaction that reads first and writes later could fail half way. */
class ImmediateDriver extends SqliteDriver {
  override async beginTransaction(
    connection: DatabaseConnection,
    settings?: TransactionSettings,
  ): Promise<void> {
    const begin = settings?.accessMode === 'read only' ? 'begin' : 'begin immediate'
    await connection.executeQuery(CompiledQuery.raw(begin))
  }
}

/** SQLite can undo a change of its schema; Kysely's own adapter denies it. */
class TransactionalDdlAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true
  }
}

// Each statement holds some kilobytes that V8 does not see: made anew for each query, thousands wait to be collected.
const MOST_KEPT = 100 // prepared statements
const LONGEST_KEPT = 2_000 // characters of SQL: longer ones are lists of rows, of ever another length

// Kysely passes parameters as one array and asks whether a statement returns rows;
// node:sqlite takes them spread and answers through columns().
function asKyselyDatabase(db: DatabaseSync, path: string): SqliteDatabase {
  const attempt = <T>(work: () => T): T => {
    try {
      return work()
    } catch (cause) {
      throw worldFault(path, cause) ?? cause
    }
  }
  const prepared = new Map<string, StatementSync>()
  const prepare = (sql: string) => {
    const known = prepared.get(sql)
    if (known !== undefined) return known
    const statement = attempt(() => db.prepare(sql))
    if (sql.length > LONGEST_KEPT) return statement
    if (prepared.size >= MOST_KEPT) prepared.clear()
    prepared.set(sql, statement)
    return statement
  }
  return {
    close: () => db.close(),
    prepare(sql) {
      const statement = prepare(sql)
      const values = (parameters: readonly unknown[]) => parameters as SQLInputValue[] // Kysely binds no others
      return {
        reader: statement.columns().length > 0,
        all: (parameters) => attempt(() => statement.all(...values(parameters))),
        run: (parameters) => attempt(() => statement.run(...values(parameters))),
        iterate: (parameters) => db.prepare(sql).iterate(...values(parameters)), // may still go on when it is asked for again
      }
    },
  }
}

const BUSY = 5

/** Result codes that are no fault of ours. @see https://sqlite.org/rescode.html */
const WORLD: Readonly<Record<number, string>> = {
  [BUSY]: `another process has kept it locked for more than ${BUSY_MS / 1000} s`,
  8: 'it cannot be written: read-only file or file system',
  10: 'input/output error: the disk fails',
  11: 'it is damaged: restore it from a backup',
  13: 'the disk is full',
  14: 'it cannot be opened any more',
  26: 'it is not an SQLite database',
}

function worldFault(path: string, cause: unknown): DomusError | undefined {
  const code = resultCode(cause)
  const reason = WORLD[code]
  if (reason === undefined) return undefined
  return new DomusError(code === BUSY ? 'busy' : 'command-failed', `database ${path}: ${reason}`, { cause })
}

const resultCode = (cause: unknown) =>
  cause instanceof Error && 'errcode' in cause ? Number(cause.errcode) & 0xff : 0
