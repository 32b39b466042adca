import type { FakeCopy, FakeRun } from './xen-host.ts'
import { XenHost } from './xen-host.ts'

/**
 * The moments of a migration, in order, as xl_migrate.c has them. `go`: the target has the word to start, and starts in
 * two: it takes the guest's name, then lets it run.
 */
export const MOMENTS = [
  'connected',
  'created',
  'copied',
  'suspended',
  'ready',
  'away',
  'go',
  'named',
  'started',
  'reported',
  'destroyed',
] as const
export type Moment = (typeof MOMENTS)[number]

/** What goes wrong at a moment: the connection is lost, one of the programs is killed, or a host loses its power. */
export const TROUBLES = ['cut', 'sender-killed', 'receiver-killed', 'target-down', 'source-down'] as const
export type Trouble = (typeof TROUBLES)[number]

/** How a migration goes: to its end, to a trouble, or to a failure that xl itself tells of. */
export type Course =
  | { readonly kind: 'fine' }
  | { readonly kind: 'trouble'; readonly what: Trouble; readonly at: Moment }
  | { readonly kind: 'fails'; readonly why: 'logdirty' | 'no-suspend' | 'no-bridge' | 'no-start' }

/** Two Xen hosts that share nothing but ssh; `course` says how the next migration goes. */
export class XenPair {
  readonly h1 = new XenHost('h1')
  readonly h2 = new XenHost('h2')
  course: Course = { kind: 'fine' }
  /** How many looks find it going on still. */
  lag = 0

  constructor() {
    for (const [from, to] of [
      [this.h1, this.h2],
      [this.h2, this.h1],
    ] as const) {
      from.reaches.set(to.name, to)
      from.migrate = (argv) => this.#start(from, to, argv)
    }
  }

  /** Every copy that runs, on either host. */
  get running(): (FakeCopy & { readonly host: string })[] {
    return [this.h1, this.h2].flatMap(({ name, copies }) =>
      copies.filter(({ condition }) => condition === 'running').map((copy) => ({ ...copy, host: name })),
    )
  }

  #start(from: XenHost, to: XenHost, argv: readonly string[]): Omit<FakeRun, 'token'> {
    const name = argv.at(-2) ?? ''
    const play = new Play(from, to, name, this.course)
    let left = this.lag
    const run = {
      exitCode: undefined as number | undefined,
      log: '',
      go: () => {
        if (run.exitCode !== undefined || left-- > 0) return
        run.exitCode = play.toEnd()
        run.log = play.log.join('')
      },
    }
    if (left === 0) run.go()
    return run
  }
}

/** One migration, moment by moment. */
class Play {
  readonly log: string[] = []
  readonly #from: XenHost
  readonly #to: XenHost
  readonly #name: string
  readonly #course: Course
  #uptime = 100
  #copy: FakeCopy | undefined

  constructor(from: XenHost, to: XenHost, name: string, course: Course) {
    this.#from = from
    this.#to = to
    this.#name = name
    this.#course = course
  }

  /** Plays it; returns the exit code of the sender. */
  toEnd(): number {
    const source = this.#from.copies.find(({ name }) => name === this.#name)
    if (source === undefined) return this.#say(1, `${this.#name} is an invalid domain identifier (rc=-6)`)
    const course = this.#course
    if (course.kind === 'fails') return this.#fail(source, course.why)
    for (const moment of MOMENTS) {
      this.#reach(moment, source)
      if (course.kind === 'trouble' && course.at === moment) return this.#break(source, moment, course.what)
    }
    return this.#say(0, 'Migration successful.')
  }

  #reach(moment: Moment, source: FakeCopy): void {
    switch (moment) {
      case 'connected':
        return void this.#say(0, 'migration target: Ready to receive domain.')
      case 'created':
        this.#copy = this.#to.add(`${this.#name}--incoming`, 'paused', source)
        return
      case 'copied':
        return
      case 'suspended':
        source.condition = 'suspended'
        return void this.#say(0, 'libxl: debug: libxl_dom_suspend.c:357: Domain 1:guest has suspended')
      case 'ready':
        return void this.#say(
          0,
          'migration target: Transfer complete, requesting permission to start domain.',
        )
      case 'away':
        source.name = `${this.#name}--migratedaway`
        return void this.#say(0, 'migration sender: Target has acknowledged transfer.')
      case 'go':
        return void this.#say(0, 'migration sender: Giving target permission to start.')
      case 'named':
        if (this.#copy) this.#copy.name = this.#name
        return
      case 'started':
        if (this.#copy) this.#copy.condition = 'running'
        return void this.#say(0, 'migration target: Domain started successsfully.')
      case 'reported':
        return void this.#say(0, 'migration sender: Target reports successful startup.')
      case 'destroyed':
        this.#from.remove(source)
    }
  }

  #fail(source: FakeCopy, why: (Course & { kind: 'fails' })['why']): number {
    const upTo = (last: Moment) => {
      for (const moment of MOMENTS.slice(0, MOMENTS.indexOf(last) + 1)) this.#reach(moment, source)
    }
    switch (why) {
      case 'logdirty':
        upTo('created')
        this.#to.remove(this.#copy)
        return this.#say(
          1,
          'xc: error: Failed to enable logdirty: 95,22,0',
          'Migration failed, resuming at sender.',
        )
      case 'no-suspend':
        upTo('copied')
        this.#to.remove(this.#copy)
        return this.#say(1, 'Migration failed, failed to suspend at sender.')
      case 'no-bridge':
        upTo('suspended')
        this.#to.remove(this.#copy)
        source.condition = 'running'
        return this.#say(1, 'Could not find bridge device xenbr0', 'Migration failed, resuming at sender.')
      case 'no-start':
        upTo('go')
        this.#to.remove(this.#copy)
        source.name = this.#name
        source.condition = 'running'
        return this.#say(
          1,
          'migration sender: Target reports startup failure (status code 3).',
          'migration sender: Trying to resume at our end.',
          'migration sender: Resumed OK.',
          'Migration failed due to problems at target.',
        )
    }
  }

  #break(source: FakeCopy, at: Moment, what: Trouble): number {
    const isBefore = (moment: Moment) => MOMENTS.indexOf(at) < MOMENTS.indexOf(moment)
    if (what === 'source-down') {
      this.#receiverLosesSender(isBefore)
      this.#from.crash()
      return 1
    }
    if (what === 'receiver-killed') return this.#senderLosesTarget(source, isBefore)
    if (what === 'target-down') {
      this.#to.crash()
      return this.#senderLosesTarget(source, isBefore)
    }
    this.#receiverLosesSender(isBefore)
    return what === 'sender-killed' ? this.#say(137) : this.#senderLosesTarget(source, isBefore)
  }

  /** Until all has arrived the half copy is destroyed; after that it is left, paused; once told to start it starts. */
  #receiverLosesSender(isBefore: (moment: Moment) => boolean): void {
    if (isBefore('ready')) this.#to.remove(this.#copy)
    if (this.#copy === undefined || isBefore('go')) return
    this.#copy.name = this.#name
    this.#copy.condition = 'running'
  }

  /** Until it is told to start the guest is resumed; after that nobody knows. */
  #senderLosesTarget(source: FakeCopy, isBefore: (moment: Moment) => boolean): number {
    if (isBefore('away')) {
      source.condition = 'running'
      return this.#say(1, 'Migration failed, resuming at sender.')
    }
    if (isBefore('reported'))
      return this.#say(1, '** Migration failed during final handshake **', 'Domain state is now undefined !')
    this.#from.remove(source)
    return this.#say(0, 'Migration successful.')
  }

  #say(exitCode: number, ...lines: readonly string[]): number {
    for (const line of lines) {
      this.#uptime += 0.5
      this.log.push(`${this.#uptime.toFixed(2)} ${line}
`)
    }
    return exitCode
  }
}
