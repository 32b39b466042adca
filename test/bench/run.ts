import type { Area, Measured } from './area.ts'

// npm run bench -- AREA [--json]: a table on stderr; with --json the last line of stdout is one JSON document.

const AREAS: Readonly<Record<string, () => Promise<{ area: Area }>>> = {
  plan: () => import('./plan.ts'),
  dhcp: () => import('./dhcp.ts'),
  exports: () => import('./exports.ts'),
  kernel: () => import('./kernel.ts'),
  verify: () => import('./verify.ts'),
  migrate: () => import('./migrate.ts'),
}

const words = process.argv.slice(2)
const asJson = words.includes('--json')
const [chosen = 'all'] = words.filter((word) => !word.startsWith('-'))
const names = chosen === 'all' ? Object.keys(AREAS) : [chosen]

for (const name of names) {
  const load = AREAS[name]
  if (!load) {
    console.error(`bench: there is no area ${name}; known: ${Object.keys(AREAS).join(', ')}, all`)
    process.exit(2)
  }
  try {
    const { area } = await load()
    report(name, await area.run())
  } catch (error) {
    console.error(`bench ${name}: ${error instanceof Error ? error.message : String(error)}`)
    process.exitCode = 1
  }
}

function report(area: string, { figures, ratios }: Measured) {
  const rows = [
    ...Object.entries(figures),
    ...Object.entries(ratios).map(([name, value]) => [`ratio ${name}`, value] as const),
  ]
  const width = Math.max(...rows.map(([name]) => name.length))
  console.error(area)
  for (const [name, value] of rows) console.error(`  ${name.padEnd(width)}  ${Number(value.toPrecision(4))}`)
  if (asJson) console.log(JSON.stringify({ area, figures, ratios }))
}
