import { PassThrough } from 'node:stream'
import type { FastifyReply } from 'fastify'

const ALIVE_EVERY_MS = 15_000 // a comment, so that proxies keep the connection and dead ones are noticed
const MOST_BUFFERED = 1024 * 1024 // bytes; a watcher that does not read is let go

/**
 * Answers with server-sent events until the watcher goes away or the server ends.
 *
 * `watch` is given what sends one event, and returns how to stop.
 */
export function streamEvents(
  reply: FastifyReply,
  closing: AbortSignal,
  watch: (send: (event: string) => void) => () => void,
): PassThrough {
  const stream = new PassThrough()
  stream.write(': here it begins\n\n')
  const stop = watch((event) => {
    stream.write(event)
    if (stream.writableLength > MOST_BUFFERED) stream.destroy()
  })
  const alive = setInterval(() => stream.write(': alive\n\n'), ALIVE_EVERY_MS)
  const end = () => stream.end()
  closing.addEventListener('abort', end)
  stream.on('close', () => {
    clearInterval(alive)
    stop()
    closing.removeEventListener('abort', end)
  })
  reply.type('text/event-stream; charset=utf-8').header('cache-control', 'no-store')
  return stream
}
