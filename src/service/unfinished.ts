import { recoverOperations } from '../apply/recover.ts'
import { dismissOperation } from '../apply/settle.ts'
import type { Name } from '../model/grammar.ts'
import type { Planned } from '../plan/site.ts'
import { listOperations } from '../store/operations.ts'
import type { App } from './app.ts'
import { applyContext } from './apply-context.ts'
import type { RunEvents } from './jobs.ts'

/** Puts right what dead processes left half done, and says so; what goes on by itself is left alone. */
export async function recover(app: App): Promise<void> {
  for (const { operation, outcome } of await recoverOperations(applyContext(app))) {
    const now =
      outcome === undefined
        ? 'goes on without that: domus repair waits for its end'
        : `now it is ${outcome.outcome}`
    app.note(`operation ${operation.id} (${operation.title}) was cut off; ${now}`)
  }
}

/** Waits for a migration of a domain that goes on although its process is dead, and puts its operation right. */
export async function awaitMigration(app: App, name: Name, events: RunEvents): Promise<void> {
  const context = applyContext(app, ({ state, text }) => {
    if (state !== 'end') events.step?.(text)
  })
  for (const { operation, outcome } of await recoverOperations(context, `domain/${name}`))
    if (outcome !== undefined)
      app.note(`operation ${operation.id} (${operation.title}) was cut off; now it is ${outcome.outcome}`)
}

/** A repair takes the place of what is stuck with the same domain: it has looked for itself at what there is. */
export async function giveUpStuck(app: App, name: Name, { plan }: Pick<Planned, 'plan'>): Promise<void> {
  if (plan.steps.length === 0) return
  const subject = `domain/${name}`
  const stuck = await listOperations(app.store, { state: 'stuck', subject })
  // One that holds others too has more to put back: it is for domus operations retry.
  for (const { id } of stuck.filter(({ subjects }) => subjects.every((one) => one === subject)))
    await dismissOperation(applyContext(app), id, `domus repair ${name}`)
}
