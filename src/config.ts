import { readFileSync } from 'node:fs'
import { homedir, hostname } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { DomusError } from './errors.ts'
import { name } from './model/grammar.ts'
import { problemsOf } from './model/issues.ts'

const absolute = z.string().startsWith('/', 'must be an absolute path')

/** The daemon's own settings: `/etc/domus/domus.yaml` or --config, with `DOMUS_*` environment over it. */
export const Settings = z.strictObject({
  /** State folder. */
  data: absolute,
  /** Unix socket of the API; its file mode is the login. */
  socket: absolute,
  /** `sqlite:PATH`. */
  database: z.string().regex(/^(?:sqlite|postgres(?:ql)?):/, 'must be sqlite:PATH or postgres://…'),
  /** The name of this site when its document gives none. */
  site: name,
  /** What to do when guests that must not see each other's files would share a file system. */
  isolation: z.enum(['warn', 'refuse']).default('warn'),
  /** `ADDRESS:PORT` for the API over TCP; needs tokens. */
  listen: z
    .string()
    .regex(/^(?:[0-9.]+|\[[0-9a-f:]+\]|localhost):\d{1,5}$/, 'must be ADDRESS:PORT')
    .optional(),
  tokens: z
    .array(
      z.strictObject({
        token: z.string().min(20),
        role: z.enum(['viewer', 'operator', 'admin']),
        who: z.string(),
      }),
    )
    .default([]),
  /** Certificate and key (PEM) for the API over TCP; without them it is plain HTTP, for a proxy in front of it. */
  tls: z.strictObject({ cert: absolute, key: absolute }).optional(),
  /** Templates of the administrator, over the built-in ones of the same name. */
  templates: absolute.default('/etc/domus/templates'),
  /** A file for `ssh -F`. */
  sshConfig: absolute.optional(),
  dhcp: z
    .strictObject({
      enabled: z.boolean().default(true),
      serverPort: z.int().min(0).max(65535).default(67),
      clientPort: z.int().min(1).max(65535).default(68),
    })
    .prefault({}),
  /** How often the hosts are asked for guests that run on a root of somebody else; 0 is never. */
  watchSeconds: z.int().min(0).max(86_400).default(60),
  logLevel: z.enum(['silent', 'error', 'warn', 'info', 'debug', 'trace']).default('info'),
})
export type Settings = z.infer<typeof Settings>

const ENVIRONMENT = {
  DOMUS_DATA: 'data',
  DOMUS_SOCKET: 'socket',
  DOMUS_DATABASE: 'database',
  DOMUS_SITE: 'site',
  DOMUS_ISOLATION: 'isolation',
  DOMUS_LISTEN: 'listen',
  DOMUS_TEMPLATES: 'templates',
  DOMUS_SSH_CONFIG: 'sshConfig',
  DOMUS_LOG_LEVEL: 'logLevel',
} as const

/**
 * Reads the settings.
 *
 * @param file - `--config`; when absent `DOMUS_CONFIG`, then `/etc/domus/domus.yaml` if it exists
 * @throws DomusError 'invalid-input' with every mistake
 */
export async function loadSettings(file?: string, env: NodeJS.ProcessEnv = process.env): Promise<Settings> {
  const chosen = file ?? env.DOMUS_CONFIG
  const given = await readSettingsFile(chosen ?? '/etc/domus/domus.yaml', chosen !== undefined)
  const fromEnv = Object.fromEntries(
    Object.entries(ENVIRONMENT).flatMap(([variable, key]) => (env[variable] ? [[key, env[variable]]] : [])),
  )
  const merged = { ...given, ...fromEnv }
  const data = typeof merged.data === 'string' ? merged.data : defaultData(env)
  const result = Settings.safeParse({
    socket: join(data, 'domus.sock'),
    database: `sqlite:${join(data, 'domus.db')}`,
    site: siteName(),
    ...merged,
    data,
  })
  if (result.success) return result.data
  throw new DomusError(
    'invalid-input',
    `settings ${chosen ?? '/etc/domus/domus.yaml'} and DOMUS_* environment`,
    {
      problems: problemsOf('', merged, result.error, Object.keys(Settings.shape)),
    },
  )
}

async function readSettingsFile(file: string, isRequired: boolean): Promise<Record<string, unknown>> {
  try {
    const text = readFileSync(file, 'utf8')
    const { parse } = await import('yaml')
    const value: unknown = parse(text) ?? {}
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
    throw new DomusError('invalid-input', `settings ${file}: must be a mapping`)
  } catch (cause) {
    if (cause instanceof DomusError) throw cause
    const isMissing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
    if (isMissing && !isRequired) return {}
    throw new DomusError('invalid-input', `cannot read settings ${file}`, { cause })
  }
}

const defaultData = (env: NodeJS.ProcessEnv) =>
  process.getuid?.() === 0
    ? '/var/lib/domus'
    : join(env.XDG_STATE_HOME ?? join(env.HOME ?? homedir(), '.local/state'), 'domus')

/** The host's name as a site name: the first label, in lower case, without what a name may not hold. */
function siteName(): string {
  const [label = ''] = hostname().toLowerCase().split('.')
  const text = label.replace(/[^a-z0-9-]/g, '-').replace(/^-+/, '')
  return name.safeParse(text).success ? text : 'site'
}
