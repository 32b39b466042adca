import { Command, Option } from 'commander'
import { readDocument, settingsOf, withJobs } from './open.ts'
import { note, out } from './output.ts'

/** `domus render domain|exports|dhcp`: a text exactly as it would be written, and nothing else on stdout. */
export function renderCommand(): Command {
  const command = new Command('render').description('print a file exactly as it would be written')
  source(command.command('domain').description('the config of a domain'))
    .addOption(new Option('--as <dialect>', 'toolstack it is for').choices(['xl', 'xm']).default('xl'))
    .action(async (name: string, options: { as: 'xl' | 'xm' } & Source, self: Command) => {
      await print(self, options, (render) => {
        for (const lost of render.lost(name, options.as)) note(`the form of xm loses ${lost}`)
        return render.domain(name, options.as)
      })
    })
  source(command.command('exports').description('our entries on an NFS server')).action(
    async (name: string, options: Source, self: Command) => {
      await print(self, options, (render) => render.exports(name))
    },
  )
  source(command.command('dhcp').description('the reservations of a network, for another DHCP server'))
    .addOption(
      new Option('--as <server>', 'server it is for')
        .choices(['dnsmasq', 'dhcpd', 'kea'])
        .makeOptionMandatory(),
    )
    .action(async (name: string, options: { as: 'dnsmasq' | 'dhcpd' | 'kea' } & Source, self: Command) => {
      await print(self, options, (render) => render.dhcp(name, options.as))
    })
  return command
}

interface Source {
  file?: string
}

const source = (command: Command) =>
  command.argument('<name>').option('-f, --file <file>', 'site document; what is recorded when left out')

type Renderer = Awaited<ReturnType<typeof import('../service/render.ts')['openRenderer']>>

async function print(command: Command, { file }: Source, choose: (render: Renderer) => string) {
  const settings = await settingsOf(command)
  const { openRenderer } = await import('../service/render.ts')
  const { loadTemplates } = await import('../templates.ts')
  const inventory = await inventoryFrom(command, file)
  out(choose(openRenderer(inventory, loadTemplates(settings.templates))))
}

/** The inventory of a document alone, or what is recorded. */
export async function inventoryFrom(command: Command, file: string | undefined) {
  if (file === undefined) return withJobs(command, (jobs) => jobs.inventory(), 'reader')
  const settings = await settingsOf(command)
  const { requireDocument } = await import('../service/document.ts')
  return requireDocument(await readDocument(file), { site: settings.site })
}
