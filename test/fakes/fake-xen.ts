import type { MemoryMachine } from './memory-machine.ts'

interface FakeDomain {
  readonly domid: number
  readonly name: string
  readonly uuid: string
  readonly cmdline: string
}

interface FakeXen {
  readonly domains: readonly FakeDomain[]
  /** Starts a domU as by hand. */
  add(domain: Omit<FakeDomain, 'domid'>): void
}

/** Gives a machine in memory an xl with domUs of its own, and a `test` that finds no systemd. */
export function installXen(machine: MemoryMachine): FakeXen {
  const domains: FakeDomain[] = []
  let lastId = 0
  const add = (domain: Omit<FakeDomain, 'domid'>) => void domains.push({ domid: ++lastId, ...domain })
  const find = (word = '') => domains.findIndex(({ name, domid }) => name === word || String(domid) === word)
  const end = (word = '') => {
    const at = find(word)
    if (at < 0) return { exitCode: 1, stderr: `${word} is an invalid domain identifier\n` }
    domains.splice(at, 1)
    return {}
  }
  const create = (path = '') => {
    const text = machine.files.get(path)?.content
    if (text === undefined) return { exitCode: 1, stderr: `cannot open ${path}\n` }
    const value = (key: string) => new RegExp(`^${key} = "(.*)"$`, 'm').exec(text)?.[1] ?? ''
    add({ name: value('name'), uuid: value('uuid'), cmdline: value('cmdline') })
    return {}
  }
  machine.programs.set('test', () => ({ exitCode: 1 }))
  machine.programs.set('xl', ([, verb, ...words]) => {
    switch (verb) {
      case 'list':
        return { stdout: words[0] === '-l' ? listAsJson(domains) : listAsTable(domains) }
      case 'create':
        return create(words[0])
      case 'shutdown':
      case 'destroy':
        return end(words[0])
      case 'reboot':
        return find(words[0]) < 0 ? { exitCode: 1, stderr: 'no such domain\n' } : {}
      default:
        return { exitCode: 1, stderr: `xl: ${verb} is not played\n` }
    }
  })
  return { domains, add }
}

const listAsJson = (domains: readonly FakeDomain[]) =>
  JSON.stringify(
    domains.map(({ domid, name, uuid, cmdline }) => ({
      domid,
      config: {
        c_info: { type: 'pv', name, uuid },
        b_info: { target_memkb: 262_144, max_vcpus: 1, cmdline },
      },
    })),
  )

const listAsTable = (domains: readonly FakeDomain[]) =>
  [
    'Name                                        ID   Mem VCPUs\tState\tTime(s)   UUID',
    ...domains.map(
      ({ domid, name, uuid }) => `${name.padEnd(40)} ${domid}   256     1     r-----       1.0 ${uuid}`,
    ),
    '',
  ].join('\n')
