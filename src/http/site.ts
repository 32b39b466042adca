import { z } from 'zod'
import { NOUNS } from '../model/inventory.ts'
import { parseSiteText } from '../service/document.ts'
import type { ChangeRequest } from '../service/jobs.ts'
import { answerChange, changeAnswers, changeQuery } from './change.ts'
import type { Context, Server } from './context.ts'
import { flag, givenSite, plan, site } from './schemas.ts'

const tags = ['site']

const applyQuery = {
  prune: flag('also remove what the document does not name'),
  exports: z
    .enum(['adopt', 'overwrite'])
    .optional()
    .meta({ description: 'what to do with an exports file of ours that was edited by hand' }),
}
type ApplyQuery = z.output<z.ZodObject<typeof applyQuery>>

/** The site as a whole: what is recorded, what a document would change, and the change. */
export function siteRoutes(server: Server, context: Context): void {
  takeYaml(server)
  const { jobs } = context
  const recorded = { tags, summary: 'what is recorded, as a site document with everything settled' }
  server.get('/v1/site', { schema: { ...recorded, response: { 200: site } } }, async () => {
    const inventory = await jobs.inventory()
    return {
      site: inventory.site,
      ...Object.fromEntries(NOUNS.map((noun) => [noun, [...inventory[noun].values()]])),
    }
  })
  const body = givenSite
  const planning = {
    tags,
    summary: 'show what apply would do',
    querystring: z.strictObject(applyQuery),
    body,
    response: { 200: plan },
  }
  // Not for less than an admin: planning looks at the machines that the document names.
  server.post('/v1/plan', { schema: planning }, (request) =>
    jobs.plan(requestOf(request.body, request.query)),
  )
  const applying = {
    tags,
    summary: 'make the site as the document says',
    querystring: z.strictObject({ ...changeQuery, ...applyQuery }),
    body,
    response: changeAnswers,
  }
  server.post('/v1/apply', { schema: applying }, async (request, reply) => {
    await answerChange(context, request, reply, requestOf(request.body, request.query))
    return reply
  })
}

const requestOf = (document: unknown, { prune, exports }: ApplyQuery): ChangeRequest => ({
  kind: 'apply',
  document,
  ...(prune && { prune }),
  ...(exports && { exports }),
})

/** Site documents may come as YAML, too. */
function takeYaml(server: Server) {
  const types = ['application/yaml', 'application/x-yaml', 'text/yaml']
  server.addContentTypeParser(
    types,
    { parseAs: 'string' },
    async (_request: unknown, text: string | Buffer) => parseSiteText(String(text), 'the document'),
  )
}
