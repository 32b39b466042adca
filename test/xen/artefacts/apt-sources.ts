/**
 * Picks Debian's own repositories of one release out of a machine's apt configuration, as one-line entries.
 *
 * Takes the texts of one-line (`.list`) and deb822 (`.sources`) files. Kept are enabled binary repositories whose
 * suite is the release itself, its updates or its security updates; a repository of somebody else, or of backports,
 * would only change what the lab is made of.
 *
 * @see sources.list(5)
 */
export function debianSources(
  files: readonly { readonly path: string; readonly text: string }[],
  codename: string,
): readonly string[] {
  const suites = new Set([codename, `${codename}-updates`, `${codename}-security`])
  return files.flatMap(({ path, text }) =>
    path.endsWith('.sources') ? stanzaEntries(text, suites) : lineEntries(text, suites),
  )
}

function lineEntries(text: string, suites: ReadonlySet<string>): readonly string[] {
  return text
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => suites.has(/^deb\s+(?:\[[^\]]*\]\s+)?\S+\s+(\S+)/.exec(line)?.[1] ?? ''))
}

function stanzaEntries(text: string, suites: ReadonlySet<string>): readonly string[] {
  return text
    .split(/\n\s*\n/)
    .map(parseStanza)
    .filter((stanza) => words(stanza, 'types').includes('deb') && stanza.get('enabled') !== 'no')
    .flatMap((stanza) =>
      words(stanza, 'uris').flatMap((uri) =>
        words(stanza, 'suites')
          .filter((suite) => suites.has(suite))
          .map((suite) => `deb ${signedBy(stanza)}${uri} ${suite} ${words(stanza, 'components').join(' ')}`),
      ),
    )
}

function parseStanza(text: string): ReadonlyMap<string, string> {
  const unfolded = text.replace(/^#.*\n?/gm, '').replace(/\n[ \t]+/g, ' ')
  const fields = unfolded.split('\n').map((line) => /^([\w-]+):\s*(.*)$/.exec(line))
  return new Map(
    fields.flatMap((field) => (field ? [[field[1]?.toLowerCase() ?? '', field[2]?.trim() ?? '']] : [])),
  )
}

function words(stanza: ReadonlyMap<string, string>, field: string): readonly string[] {
  return (stanza.get(field) ?? '').split(/\s+/).filter((word) => word !== '')
}

/** A key file is named again; a key written into the file itself has no one-line form. */
function signedBy(stanza: ReadonlyMap<string, string>): string {
  const key = stanza.get('signed-by') ?? ''
  return /^\/\S+$/.test(key) ? `[signed-by=${key}] ` : ''
}
