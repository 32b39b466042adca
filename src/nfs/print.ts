import { DomusError } from '../errors.ts'
import type { ExportEntry } from '../plan/plan.ts'
import { checkWriters } from './checks.ts'
import { entriesOf, entryFault, keyOf, sortEntries } from './entries.ts'
import { checkIsolation } from './isolation.ts'
import type { ExportPlan, ExportRequest, NfsKind, Owner } from './kind.ts'
import { ownerOf } from './kind.ts'
import { checkPaths } from './paths.ts'

/** A server that domus never touches (TrueNAS, NetApp): the text goes to a person. */
export const print: NfsKind = {
  path: undefined,
  render: renderList,
  parse: () => ({ kind: 'not-ours', reason: 'domus keeps no file on such a server', entries: [], lines: [] }),
  plan: (request) =>
    planForPerson(request, renderList, [
      'enter these in its own administration: each directory for its address and no other, with root not squashed',
      'take out what is not in the list any more, once the guest is stopped',
      'try it: domus verify NAME',
    ]),
}

function renderList({ site, templates }: Owner, entries: readonly ExportEntry[]): string {
  return templates.render('exports/print', {
    site,
    entries: checked(entries).map(({ path, client, access }) => ({ path, client, access })),
  })
}

/** The entries sorted, every one of the strict grammar. @throws DomusError 'invalid-input' */
export function checked(entries: readonly ExportEntry[]): ExportEntry[] {
  for (const entry of entries) {
    const fault = entryFault(entry)
    if (fault !== undefined)
      throw new DomusError('invalid-input', `cannot export ${entry.path} to ${entry.client}: ${fault}`)
  }
  return sortEntries(entries)
}

/** A plan without steps: when the exports change, a warning holds the text and what a person does with it. */
export function planForPerson(
  request: ExportRequest,
  render: NfsKind['render'],
  todo: readonly string[],
): ExportPlan {
  const { server, inventory, current } = request
  const wanted = entriesOf(server, inventory)
  const before = current === undefined ? undefined : entriesOf(server, current)
  const verdicts = [checkWriters(wanted), checkPaths(request, wanted), checkIsolation(request, wanted)]
  const isNeeded = before === undefined ? wanted.length > 0 : linesOf(before) !== linesOf(wanted)
  const message = `domus changes nothing on ${server.name} (kind: ${server.kind}); by hand:\n${todo.map((line, at) => `  ${at + 1}. ${line}\n`).join('')}${render(ownerOf(request), wanted)}`
  return {
    steps: [],
    warnings: [
      ...verdicts.flatMap(({ warnings }) => warnings),
      ...(isNeeded ? [{ path: `servers/${server.name}`, message }] : []),
    ],
    problems: verdicts.flatMap(({ problems }) => problems),
    facts: 'known',
    unknown: [],
  }
}

const linesOf = (entries: readonly ExportEntry[]) =>
  entries.map((entry) => `${keyOf(entry)} ${entry.access}`).join('\n')
