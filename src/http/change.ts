import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { ChangeRequest } from '../service/jobs.ts'
import type { Context } from './context.ts'
import { accepted, flag, outcome, plan } from './schemas.ts'

/** The query of everything that changes something. Strict: a mistyped dryRun must not change anything. */
export const changeQuery = {
  dryRun: flag('answer with the plan and change nothing'),
}

export const changeAnswers = { 200: z.union([outcome, plan]), 202: accepted }

/**
 * Answers a request for a change: with the plan when only that is asked for; with the operation as soon as it
 * has begun; with the outcome when there was nothing to do.
 */
export async function answerChange(
  { jobs, runs }: Context,
  request: FastifyRequest,
  reply: FastifyReply,
  change: ChangeRequest,
): Promise<void> {
  const { dryRun } = request.query as z.output<z.ZodObject<typeof changeQuery>> // the route's own schema has it
  if (dryRun) return void reply.send(await jobs.plan(change))
  const begun = await runs.begin(change, request.caller.who)
  if (begun.kind === 'ended') return void reply.send(begun.view)
  request.log.info({ op: begun.id, who: request.caller.who, change: change.kind }, 'operation begun')
  const operation = `/v1/operations/${begun.id}`
  reply
    .code(202)
    .header('location', operation)
    .send({ operation: begun.id, links: { operation, events: `/v1/events?operation=${begun.id}` } })
}
