import { Command, Option } from 'commander'

type Load = () => Promise<readonly Command[]>

/**
 * THE TABLE: every command, in the order of the help, and where it is. A command loads no other: each costs a
 * millisecond or two of every start.
 */
const COMMANDS: readonly (readonly [words: readonly string[], load: Load])[] = [
  [['plan'], async () => [(await import('./apply.ts')).planCommand()]],
  [['apply'], async () => [(await import('./apply.ts')).applyCommand()]],
  [['create'], async () => [(await import('./create.ts')).createCommand()]],
  [['get'], async () => [(await import('./get.ts')).getCommand()]],
  [['delete'], async () => [(await import('./delete.ts')).deleteCommand()]],
  [
    ['start', 'stop', 'reboot', 'destroy', 'fence', 'console'],
    async () => (await import('./lifecycle.ts')).lifecycleCommands(),
  ],
  [['migrate', 'repair'], async () => (await import('./migrate.ts')).migrationCommands()],
  [['render'], async () => [(await import('./render.ts')).renderCommand()]],
  [['verify'], async () => [(await import('./verify.ts')).verifyCommand()]],
  [['kernel'], async () => [(await import('./kernel.ts')).kernelCommand()]],
  [['dhcp'], async () => [(await import('./dhcp.ts')).dhcpCommand()]],
  [['exports'], async () => [(await import('./exports.ts')).exportsCommand()]],
  [['lint'], async () => [(await import('./lint.ts')).lintCommand()]],
  [['convert'], async () => [(await import('./lint.ts')).convertCommand()]],
  [['doctor'], async () => [(await import('./doctor.ts')).doctorCommand()]],
  [['operations'], async () => [(await import('./operations.ts')).operationsCommand()]],
  [['timeline'], async () => [(await import('./timeline.ts')).timelineCommand()]],
  [['serve'], async () => [(await import('./serve.ts')).serveCommand()]],
]

/** The command line, as far as `argv` needs it: one command with its kin, or all of them. */
export async function buildProgram(version: string, argv: readonly string[]): Promise<Command> {
  const program = new Command('domus')
    .description('makes and runs diskless Xen guests')
    .version(version)
    .option('--config <file>', 'settings (default: /etc/domus/domus.yaml)')
    .option('-v, --verbose', 'show more of what happens, and stacks of errors')
    .enablePositionalOptions()
    .showHelpAfterError('(domus --help tells more)')
  const word = commandIn(argv)
  const asked = COMMANDS.find(([words]) => words.includes(word))
  const commands = await Promise.all((asked === undefined ? COMMANDS : [asked]).map(([, load]) => load()))
  for (const command of commands.flat()) program.addCommand(command)
  return inOurWay(program)
}

/** The first word that is neither an option of the whole program nor the value of one. */
function commandIn(argv: readonly string[]): string {
  const at = argv.findIndex((word, index) => !word.startsWith('-') && argv[index - 1] !== '--config')
  return argv[at] ?? ''
}

/** Makes every command throw instead of ending the process (run.ts sets the exit code), and speak as we do. */
function inOurWay(command: Command): Command {
  command.exitOverride().configureOutput({
    outputError: (text, write) => write(text.replace(/^error: /, 'domus: ')),
  })
  const has = (flag: string) => command.options.some(({ short, long }) => short === flag || long === flag)
  if (has('--json') && !has('-o')) {
    command
      .addOption(new Option('-o, --output <format>', '-o json is --json').choices(['table', 'json']))
      .on('option:output', (format: string) => command.setOptionValue('json', format === 'json'))
  }
  for (const child of command.commands) inOurWay(child)
  return command
}
