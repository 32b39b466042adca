import { Command } from 'commander'
import { settingsOf } from './open.ts'

interface ServeOptions {
  dhcp: boolean
  printUnit?: boolean
  printSocket?: string
}

/** `domus serve`: the API and the DHCP responder. */
export function serveCommand(): Command {
  return new Command('serve')
    .description('run the service: API, DHCP responder, page')
    .option('--no-dhcp', 'do not answer DHCP')
    .option('--print-unit', 'print a systemd unit that runs this program so, and run nothing')
    .option('--print-socket <network>', 'print a systemd socket unit for the DHCP port of a network')
    .action(async (options: ServeOptions, command: Command) => {
      if (options.printUnit) return printUnit(options, command)
      if (options.printSocket !== undefined) return printSocket(options.printSocket, command)
      const settings = await settingsOf(command)
      const { serve } = await import('../serve.ts')
      await serve({ ...settings, dhcp: { ...settings.dhcp, enabled: settings.dhcp.enabled && options.dhcp } })
    })
}

async function printUnit({ dhcp }: ServeOptions, command: Command) {
  const { config } = command.optsWithGlobals<{ config?: string }>()
  const [program = ''] = process.argv.slice(1)
  const exec = [
    process.execPath,
    program,
    ...(config === undefined ? [] : ['--config', config]),
    'serve',
    ...(dhcp ? [] : ['--no-dhcp']),
  ]
  await print(command, (templates) => templates.render('systemd/domus.service', { exec }))
}

async function printSocket(name: string, command: Command) {
  const { inventoryFrom } = await import('./render.ts')
  const { find } = await import('../service/render.ts')
  const { bridge } = find(await inventoryFrom(command, undefined), 'networks', name)
  const port = String((await settingsOf(command)).dhcp.serverPort)
  await print(command, (templates) =>
    templates.render('systemd/domus-dhcp.socket', { network: name, bridge, port }),
  )
}

type Templates = ReturnType<typeof import('../templates.ts')['loadTemplates']>

async function print(command: Command, render: (templates: Templates) => string) {
  const { loadTemplates } = await import('../templates.ts')
  const { out } = await import('./output.ts')
  out(render(loadTemplates((await settingsOf(command)).templates)))
}
