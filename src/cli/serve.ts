import { Command } from 'commander'
import { settingsOf } from './open.ts'

/** `domus serve`: the API and the DHCP responder. */
export function serveCommand(): Command {
  return new Command('serve')
    .description('run the service: API, DHCP responder, page')
    .option('--no-dhcp', 'do not answer DHCP')
    .action(async (options: { dhcp: boolean }, command: Command) => {
      const settings = await settingsOf(command)
      const { serve } = await import('../serve.ts')
      await serve({ ...settings, dhcp: { ...settings.dhcp, enabled: settings.dhcp.enabled && options.dhcp } })
    })
}
