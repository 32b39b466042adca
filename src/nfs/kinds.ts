import type { NfsServer } from '../model/server.ts'
import { freebsd } from './freebsd.ts'
import { ganesha } from './ganesha.ts'
import type { NfsKind } from './kind.ts'
import { linux } from './linux.ts'
import { print } from './print.ts'

/** THE TABLE: every kind of NFS server there is. */
export const nfsKinds: Record<NfsServer['kind'], NfsKind> = { linux, freebsd, ganesha, print }
