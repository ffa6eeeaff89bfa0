/** Ends a handler that waits to write to a caller who is gone. */
import type { FastifyReply, FastifyRequest } from 'fastify'

/**
 * A Fastify `onRequest` hook for the calls of the reference lane. Upstream waits for `drain` or `error` before it sends on,
 * and node:http2 emits neither where a stream is closed meanwhile: the handler would stay suspended for ever, with all that
 * its `finally` was to release. The error has the code of a lost connection, which upstream takes as no fault.
 */
export async function endBlockedWrite(_request: FastifyRequest, { raw: response }: FastifyReply): Promise<void> {
  response.on('error', () => {})
  response.once('close', () => {
    if (response.writableFinished) return
    response.emit('error', Object.assign(new Error('the caller is gone'), { code: 'ECONNRESET' }))
  })
}
