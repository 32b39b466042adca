import type { ApplyContext, Progress } from '../apply/context.ts'
import { toolstacks } from '../toolstack/kinds.ts'
import type { App } from './app.ts'

/** What plans are carried out with; `onProgress` is told of each step. */
export const applyContext = (app: App, onProgress?: (progress: Progress) => void): ApplyContext => ({
  machines: app.machines,
  store: app.store,
  toolstack: toolstacks.xl,
  now: () => app.now(),
  ...(onProgress && { onProgress }),
})
