import type { Verdicts } from './checks.ts'
import type { WantedExport } from './entries.ts'
import { pathFact } from './facts.ts'
import type { ExportRequest } from './kind.ts'

/** Every exported path is a directory under its own real name; a path that nobody could look at passes. */
export function checkPaths({ server, facts }: ExportRequest, wanted: readonly WantedExport[]): Verdicts {
  const images = new Map(wanted.map(({ path, image }) => [path, image]))
  const problems = [...images].flatMap(([path, image]) => {
    const fact = pathFact(facts, path)
    const fault = faultOf(path, fact)
    return fault === undefined
      ? []
      : [{ path: `images/${image}/path`, message: `${server.name}:${path} ${fault}` }]
  })
  return { warnings: [], problems }
}

function faultOf(path: string, fact: ReturnType<typeof pathFact>): string | undefined {
  switch (fact.kind) {
    case 'unknown':
      return undefined
    case 'absent':
      return 'does not exist; put the root tree there first'
    case 'other':
      return `is a ${fact.type}, not a directory`
    case 'directory':
      if (fact.realpath === '/') return 'is the root of the server itself'
      return fact.realpath === path
        ? undefined
        : `is really ${fact.realpath}; the server's export table uses that name, so write it in the image`
  }
}
