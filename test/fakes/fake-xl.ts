import type { MemoryMachine, Program } from './memory-machine.ts'

export interface FakeDomain {
  readonly domid: number
  readonly name: string
  readonly uuid: string
}

/** The domUs of a machine in memory, behind a program `xl` that can create, list, shut down and destroy. */
export class FakeXl {
  domains: readonly FakeDomain[] = []
  #nextDomid = 1

  /** Gives the machine its xl. `create PATH` reads name and uuid from the config as domus writes it. */
  installOn(machine: MemoryMachine): this {
    machine.programs.set('xl', (argv, _options, self) => this.#run(argv, self))
    return this
  }

  add(name: string, uuid: string): void {
    this.domains = [...this.domains, { domid: this.#nextDomid++, name, uuid }]
  }

  #run: (argv: readonly string[], machine: MemoryMachine) => ReturnType<Program> = (
    [, verb, word = ''],
    machine,
  ) => {
    switch (verb) {
      case 'list':
        return { stdout: this.#table() }
      case 'create':
        return this.#create(machine.files.get(word)?.content ?? '')
      case 'shutdown':
      case 'destroy':
        return this.#end(word)
    }
    return { exitCode: 2, stderr: `xl: no verb ${verb}\n` }
  }

  #table(): string {
    const line = (name: string, domid: number, uuid: string) =>
      `${name.padEnd(40)} ${String(domid).padStart(4)}   256     1     -b----       1.0 ${uuid}\n`
    const heading = `${'Name'.padEnd(40)}   ID   Mem VCPUs\tState\tTime(s) UUID\n`
    const dom0 = line('Domain-0', 0, '00000000-0000-0000-0000-000000000000')
    return heading + dom0 + this.domains.map(({ name, domid, uuid }) => line(name, domid, uuid)).join('')
  }

  #create(config: string) {
    const name = /^name = "([^"]+)"/m.exec(config)?.[1]
    const uuid = /^uuid = "([^"]+)"/m.exec(config)?.[1]
    if (name === undefined || uuid === undefined) return { exitCode: 1, stderr: 'xl: bad config\n' }
    if (this.domains.some((domain) => domain.name === name))
      return { exitCode: 1, stderr: 'xl: name in use\n' }
    this.add(name, uuid)
    return {}
  }

  #end(word: string) {
    const rest = this.domains.filter(({ name, domid }) => name !== word && String(domid) !== word)
    const isThere = rest.length < this.domains.length
    this.domains = rest
    return isThere ? {} : { exitCode: 1, stderr: `xl: ${word} is an invalid domain identifier\n` }
  }
}
