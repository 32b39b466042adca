import { Command, InvalidArgumentError } from 'commander'
import { execa } from 'execa'
import { folderOf, isBuilt } from './artefacts/artefact.ts'
import {
  ensureGuestKernels,
  type GuestKernelName,
  guestKernelNames,
  installGuestKernel,
} from './artefacts/guest-kernels.ts'
import { type LabArtefacts, labArtefacts } from './artefacts/lab-artefacts.ts'
import { bringUp, prepareLab, requireHost, runningHosts, takeDown } from './bring-up.ts'
import { inNamespace, namespaceExists } from './namespace.ts'
import { sayNeeds } from './needs.ts'
import { say } from './progress.ts'
import { hostPid } from './qemu.ts'
import {
  addressOf,
  type HostNumber,
  hostNumbers,
  LabError,
  type LabSettings,
  labSettings,
  MAX_HOSTS,
  PROVISIONING_ADDRESS,
  serialLogOf,
  sshConfigOf,
} from './settings.ts'
import { sshSession } from './ssh.ts'
import { labEnvironment } from './start-lab.ts'

// A real Xen host (or two) under QEMU, and a network namespace that stands for the provisioning host beside it.

const program = new Command('lab')
  .enablePositionalOptions()
  .description('a real Xen host under QEMU, with an NFS server and guest images')

program
  .command('up')
  .description('build what is not in the cache, boot the hosts')
  .option('--hosts <n>', 'one host, or two for migrations', parseHost, 1)
  .option('--build-only', 'build, but boot nothing')
  .option(
    '--kernels <names>',
    `more kernels for guests: ${guestKernelNames.join(',')} or all`,
    parseKernels,
    [],
  )
  .action(up)
program
  .command('down')
  .description('end the lab; leaves nothing but the cache')
  .action(() => takeDown(labSettings()))
program.command('reset').description('boot the running hosts afresh').action(reset)
program
  .command('ssh')
  .description('a shell, or one command, in the dom0 of host 1 or of the host named')
  .argument('[words...]', 'the host, 1 when left out, and a command')
  .passThroughOptions()
  .action(ssh)
program
  .command('console')
  .description('follow the serial console of a host')
  .argument('[host]', '1 or 2', parseHost, 1)
  .action(followConsole)
program
  .command('run')
  .description('run a program on the provisioning host: lab run -- npm run -s domus -- get domains')
  .argument('<argv...>')
  .passThroughOptions()
  .action(run)
program.command('status').description('what is up, and where').option('--json', 'as JSON').action(status)

interface UpOptions {
  readonly hosts: HostNumber
  readonly buildOnly?: true
  readonly kernels: readonly GuestKernelName[]
}

async function up(options: UpOptions): Promise<void> {
  const lab = labSettings()
  sayNeeds()
  const artefacts = await prepareLab(lab)
  await ensureGuestKernels(lab, options.kernels)
  if (options.buildOnly) return
  await bootInterruptibly(lab, options.hosts, artefacts)
  for (const host of hostNumbers(options.hosts)) {
    for (const name of options.kernels) await installGuestKernel(lab, host, name)
  }
  say(
    `up: domus' place is ${PROVISIONING_ADDRESS} in network namespace ${lab.name}; dom0 of host 1 is ${addressOf(1)}`,
  )
  say('go on with')
  say('  npm run lab -- run -- npm run -s domus -- plan -f test/xen/site.yaml')
  say('  npm run lab -- ssh 1            a shell in dom0; consoles of guests in /var/log/xen/console')
  say('  npm run lab -- down             leaves nothing but the cache')
}

/**
 * Boots hosts; interrupted, takes everything down again instead of leaving it half up.
 *
 * npm hands on the signal that the terminal gave to all: it comes twice, and must not end the taking down.
 */
async function bootInterruptibly(
  lab: LabSettings,
  hostCount: number,
  artefacts: LabArtefacts,
): Promise<void> {
  const interruption = new AbortController()
  const interrupted = () => {
    if (!interruption.signal.aborted) say('interrupted; taking the lab down')
    interruption.abort(new LabError('interrupted'))
  }
  process.on('SIGINT', interrupted).on('SIGTERM', interrupted)
  await bringUp(lab, hostCount, artefacts, interruption.signal)
  process.off('SIGINT', interrupted).off('SIGTERM', interrupted)
}

async function reset(): Promise<void> {
  const lab = labSettings()
  const hosts = await runningHosts(lab)
  if (hosts.length === 0) throw new LabError(`lab ${lab.name} is not up: npm run lab -- up`)
  const artefacts = await prepareLab(lab)
  await takeDown(lab)
  await bootInterruptibly(lab, Math.max(...hosts), artefacts)
}

async function ssh(words: readonly string[]): Promise<void> {
  const named = hostNumbers(MAX_HOSTS).find((host) => words[0] === `${host}`)
  const lab = labSettings()
  await requireHost(lab, named ?? 1)
  await become(sshSession(lab, named ?? 1, named === undefined ? words : words.slice(1)))
}

async function followConsole(host: HostNumber): Promise<void> {
  const lab = labSettings()
  await requireHost(lab, host)
  await become(['tail', ['-n', '+1', '-F', `--pid=${await hostPid(lab, host)}`, serialLogOf(lab, host)]])
}

async function run(argv: readonly string[]): Promise<void> {
  const lab = labSettings()
  await requireHost(lab, 1)
  await become(inNamespace(lab, argv), labEnvironment(lab))
}

/** Runs a program with this terminal, and ends as it ends. */
async function become(
  [file, args]: readonly [string, readonly string[]],
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { exitCode } = await execa(file, args, { stdio: 'inherit', reject: false, env })
  process.exitCode = exitCode ?? 1
}

async function status({ json }: { json?: true }): Promise<void> {
  const lab = labSettings()
  const report = await labStatus(lab)
  if (json) return void process.stdout.write(`${JSON.stringify(report)}\n`)
  const lines = [
    `lab ${report.name}: ${report.up ? 'up' : 'down'}`,
    ...report.hosts.map(
      (host) => `host ${host.host}: ${host.address}, pid ${host.pid}, serial log ${host.serialLog}`,
    ),
    ...report.artefacts.map(({ name, built, folder }) => `${name}: ${built ? folder : 'not built'}`),
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
}

async function labStatus(lab: LabSettings) {
  const parts = Object.values(await labArtefacts(lab))
  const running = await runningHosts(lab)
  return {
    name: lab.name,
    up: running.length > 0 && (await namespaceExists(lab)),
    namespace: lab.name,
    sshConfig: sshConfigOf(lab),
    runFolder: lab.runFolder,
    cacheFolder: lab.cacheFolder,
    hosts: await Promise.all(
      running.map(async (host) => ({
        host,
        address: addressOf(host),
        pid: await hostPid(lab, host),
        serialLog: serialLogOf(lab, host),
      })),
    ),
    artefacts: await Promise.all(
      parts.map(async (part) => ({
        name: part.name,
        folder: folderOf(lab, part),
        built: await isBuilt(lab, part),
      })),
    ),
  }
}

function parseKernels(text: string): readonly GuestKernelName[] {
  if (text === 'all') return guestKernelNames
  return text.split(',').map((word) => {
    const name = guestKernelNames.find((each) => each === word)
    if (name === undefined)
      throw new InvalidArgumentError(`${word} is none of ${guestKernelNames.join(', ')}`)
    return name
  })
}

function parseHost(text: string): HostNumber {
  const host = hostNumbers(MAX_HOSTS).find((number) => text === `${number}`)
  if (host === undefined) throw new InvalidArgumentError('1 or 2')
  return host
}

try {
  await program.parseAsync()
} catch (error) {
  if (!(error instanceof LabError)) throw error
  say(error.message)
  process.exit(1) // and with it whatever still builds
}
