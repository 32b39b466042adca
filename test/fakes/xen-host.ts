import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { LOOK as DETACHED_LOOK, START } from '../../src/machine/detached.ts'
import { LOOK } from '../../src/migration/look-script.ts'
import { xl } from '../../src/toolstack/xl.ts'
import { MemoryMachine } from './memory-machine.ts'

export type FakeCondition = 'running' | 'paused' | 'suspended' | 'crashed' | 'ending'

/** A domU as a host has it. */
export interface FakeCopy {
  readonly domid: number
  name: string
  readonly uuid: string
  readonly mac: string
  condition: FakeCondition
}

const INFO = readFileSync(new URL('../fixtures/xl-4.17/info.txt', import.meta.url), 'utf8')
const FEATURES = '178bfbff:80802001:20100800:00000067:00000000'
const CPUID = `nr_features: 18\nStatic sets:\nPV Max                          ffffffff\nDynamic sets:\nRaw                             ${FEATURES}\nPV Max                          ${FEATURES}\nPV Default                      ${FEATURES}\nHVM Max                         ${FEATURES}\nHVM Default                     ${FEATURES}\n`

const FLAGS: Readonly<Record<FakeCondition, string>> = {
  running: '-b----',
  paused: '--p---',
  suspended: '---ss-',
  crashed: '---sc-',
  ending: '-----d',
}

/** What a migration is doing on the host that it leaves. */
export interface FakeRun {
  token: string
  /** Undefined while it goes on. */
  exitCode: number | undefined
  log: string
  /** Goes on a little; called at each look. */
  go(): void
}

/** A Xen host in memory: its domUs behind a program `xl`, and all that a look at it asks for. */
export class XenHost {
  readonly name: string
  readonly machine: MemoryMachine
  readonly copies: FakeCopy[] = []
  /** What spoils a preflight; a test changes what matters to it. */
  readonly has = {
    freeMiB: 434,
    version: '4.17.7',
    virtCaps: 'pv hvm hap shadow gnttab-v1 gnttab-v2',
    cpuid: CPUID,
    bridges: ['xenbr0'],
    interfaces: [] as string[],
    vifScript: true,
    outputFormat: undefined as string | undefined,
    disks: [] as string[],
    /** Seconds that its clock is ahead. */
    clock: 0,
    /** What ssh to another host comes to, when it does not work. */
    ssh: undefined as { exitCode: number; said: string[] } | undefined,
    nfs: 'yes yes yes',
    /** Process ids of what receives guests. */
    receivers: [] as number[],
  }
  /** The migration that leaves it, or left it last. */
  run: FakeRun | undefined
  /** Starts a migration of a domain to a host. */
  migrate: (argv: readonly string[]) => Omit<FakeRun, 'token'> = () => {
    throw new Error(`${this.name} has nobody to migrate to`)
  }
  /** The hosts that its ssh reaches, by the last word of the way there. */
  readonly reaches = new Map<string, XenHost>()
  #lastDomid = 0
  #givenUp: string | undefined

  constructor(name: string) {
    this.name = name
    this.machine = new MemoryMachine(`ssh://root@${name}`)
    this.machine.put('/etc/xen/scripts/vif-bridge', '')
    this.machine.programs.set('xl', (argv) => this.#xl(argv))
    this.machine.programs.set('sh', ([, , script = '', , ...words], { input = '' }) =>
      this.#sh(script, words, input),
    )
    this.machine.programs.set('test', () => ({ exitCode: 1 }))
    this.machine.programs.set('timeout', () => ({ stdout: `${this.has.nfs}\n` }))
    this.machine.programs.set('ln', ([, , config = '', link = '']) => void this.machine.put(link, config))
    this.machine.programs.set('rm', ([, , path = '']) => void this.machine.files.delete(path))
    this.machine.programs.set('kill', ([, , pid]) => {
      this.has.receivers = this.has.receivers.filter((one) => String(one) !== pid)
      return {}
    })
    this.machine.programs.set('sha256sum', ([, , ...paths]) => this.#hashes(paths))
  }

  get bootId(): string {
    return `boot-of-${this.name}`
  }

  add(name: string, condition: FakeCondition, { uuid, mac }: { uuid: string; mac: string }): FakeCopy {
    const copy = { domid: ++this.#lastDomid, name, uuid, mac, condition }
    this.copies.push(copy)
    return copy
  }

  remove(copy: FakeCopy | undefined): void {
    if (copy !== undefined && this.copies.includes(copy)) this.copies.splice(this.copies.indexOf(copy), 1)
  }

  /** Ends everything on it, as a power cut does. */
  crash(): void {
    this.copies.length = 0
    this.run = undefined
  }

  #xl([, verb, ...words]: readonly string[]) {
    const [word = ''] = words
    const copy = this.copies.find(({ name, domid }) => name === word || String(domid) === word)
    if (verb === 'list') return { stdout: word === '-l' ? this.#listJson() : this.#listTable() }
    if (verb === 'create') return this.#create(word)
    if (copy === undefined)
      return { exitCode: 1, stderr: `${word} is an invalid domain identifier (rc=-6)\n` }
    switch (verb) {
      case 'shutdown':
      case 'destroy':
        this.remove(copy)
        return {}
      case 'rename':
        if (this.copies.some(({ name }) => name === words[1])) return { exitCode: 1, stderr: 'name in use\n' }
        copy.name = words[1] ?? ''
        return {}
      case 'unpause':
        if (copy.condition === 'paused') copy.condition = 'running'
        return {}
      default:
        return { exitCode: 2, stderr: `xl: ${verb} is not played\n` }
    }
  }

  #create(path: string) {
    const text = this.machine.files.get(path)?.content ?? ''
    const value = (key: string) => new RegExp(`^${key} = "(.*)"$`, 'm').exec(text)?.[1] ?? ''
    const mac = /mac=([0-9a-f:]+)/.exec(text)?.[1] ?? ''
    this.add(value('name'), 'running', { uuid: value('uuid'), mac })
    return {}
  }

  #sh(script: string, words: readonly string[], input: string) {
    if (script === LOOK) return { stdout: this.#look(words, input) }
    if (script === START) return this.#start(words)
    if (script === DETACHED_LOOK) return this.#lookAtRun(words)
    if (script === xl.resumeArgv(0)[2]) return this.#resume(Number(words[0]))
    if (script.includes('/sys/class/net'))
      return { stdout: this.has.bridges.map((bridge) => `/sys/class/net/${bridge}/bridge\n`).join('') }
    throw new Error(`${this.name} does not play the script ${script}`)
  }

  #resume(domid: number) {
    const copy = this.copies.find((one) => one.domid === domid)
    if (copy?.condition !== 'suspended') return { exitCode: 1, stderr: 'cannot resume\n' }
    copy.condition = 'running'
    return {}
  }

  #start([, token = '', , ...argv]: readonly string[]) {
    if (this.run !== undefined && this.run.exitCode === undefined)
      return { exitCode: 75, stderr: 'one goes on already\n' }
    if (this.#givenUp === token) return { exitCode: 76, stderr: 'it was given up meanwhile\n' }
    this.run = Object.assign(this.migrate(argv), { token })
    return {}
  }

  #lookAtRun([, offset = '0', token]: readonly string[]) {
    if (this.run?.token !== token) this.#givenUp = token
    if (this.run === undefined) return { stdout: 'absent\n' }
    this.run.go()
    const { exitCode, log } = this.run
    const state = exitCode === undefined ? 'going' : `ended ${exitCode}`
    return { stdout: `${state} ${this.run.token}\n${log.slice(Number(offset))}` }
  }

  #look(way: readonly string[], input: string): string {
    const tag = (letter: string, text: string) =>
      text.split('\n').flatMap((line) => (line === '' ? [] : [`${letter} ${line}`]))
    const { has, run } = this
    const info = INFO.replace(/(free_memory\s*: ).*/, `$1${has.freeMiB}`)
      .replace(/(virt_caps\s*: ).*/, `$1${has.virtCaps}`)
      .replace(/(xen_minor\s*: ).*/, `$1${has.version.split('.')[1]}`)
    const files = input.split('\n').flatMap((line) => (line.startsWith('file ') ? [line.slice(5)] : []))
    return [
      ...tag('B', this.bootId),
      ...tag('I', info),
      ...tag('L', this.#listJson()),
      ...tag('V', this.#listTable()),
      ...tag('C', has.cpuid),
      ...(has.outputFormat === undefined ? [] : [`O "${has.outputFormat}"`]),
      ...[...has.bridges, ...has.interfaces].map((name) => `F ${name}`),
      ...has.bridges.map((name) => `N ${name}`),
      ...(has.vifScript ? ['S there'] : []),
      ...files.map((path) => `H ${this.#hash(path)}`),
      ...has.disks.map((disk) => `D ${disk}`),
      ...(run !== undefined && run.exitCode === undefined ? [`P migrate -s ssh menas h2 `] : []),
      ...has.receivers.map((pid) => `P receive ${pid}`),
      ...this.#lookAhead(way.at(-1)),
      '',
    ].join('\n')
  }

  #lookAhead(word: string | undefined): string[] {
    const now = 1_800_000_000
    const other = this.reaches.get(word ?? '')
    if (word === undefined) return []
    const { exitCode, said } = this.has.ssh ?? {
      exitCode: other === undefined ? 255 : 0,
      said:
        other === undefined
          ? [`ssh: Could not resolve hostname ${word}`]
          : [other.bootId, `${now + other.has.clock - this.has.clock}.5`, 'Domain-0'],
    }
    return [...said.map((line) => `X ${line}`), `X =${exitCode}`, `W ${now}.1 ${now}.9`]
  }

  #hash(path: string): string {
    const file = this.machine.files.get(path)
    return file === undefined
      ? `-  ${path}`
      : `${createHash('sha256').update(file.content).digest('hex')}  ${path}`
  }

  #hashes(paths: readonly string[]) {
    const isMissing = paths.some((path) => !this.machine.files.has(path))
    return { exitCode: isMissing ? 1 : 0, stdout: paths.map((path) => `${this.#hash(path)}\n`).join('') }
  }

  #listJson(): string {
    const configOf = ({ domid, name, uuid, mac }: FakeCopy) => ({
      domid,
      config: {
        c_info: { type: 'pv', name, uuid },
        b_info: { target_memkb: 65_536, kernel: '/boot/vmlinuz-nfsroot' },
        nics: [{ mac, bridge: 'xenbr0' }],
      },
    })
    return JSON.stringify(this.copies.map(configOf))
  }

  #listTable(): string {
    const line = (name: string, domid: number, mem: number, flags: string, uuid: string) =>
      `${name.padEnd(40)} ${String(domid).padStart(5)} ${String(mem).padStart(5)}     1     ${flags}       1.0 ${uuid}\n`
    return [
      `${'Name'.padEnd(40)}   ID   Mem VCPUs\tState\tTime(s)   UUID\n`,
      line('Domain-0', 0, 509, 'r-----', '00000000-0000-0000-0000-000000000000'),
      ...this.copies.map(({ name, domid, condition, uuid }) => line(name, domid, 64, FLAGS[condition], uuid)),
    ].join('')
  }
}
