import { Command } from 'commander'
import { settingsOf } from './open.ts'
import { formatTable, out, outJson } from './output.ts'

/** `domus doctor`: this machine's own fitness. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description("examine this machine's fitness: programs, versions, ports, permissions")
    .option('--json', 'one JSON document on standard output')
    .action(async ({ json }: { json?: boolean }, command: Command) => {
      const { openTools } = await import('../app.ts')
      const { examine } = await import('../service/doctor.ts')
      const tools = openTools(await settingsOf(command))
      const findings = await examine(tools)
      await tools.close()
      if (json) outJson({ findings })
      else {
        out(
          formatTable(
            ['CHECK', 'STATUS', 'DETAIL'],
            findings.map(({ check, status, detail }) => [check, status, detail]),
          ),
        )
        for (const { check, fix } of findings) if (fix !== undefined) out(`  fix ${check}: ${fix}`)
      }
      if (findings.some(({ status }) => status === 'fail')) process.exitCode = 3
    })
}
