/** Puts CORS on the calls of a Fastify scope. */
import type { FastifyReply, FastifyRequest, onRequestAsyncHookHandler } from 'fastify'
import type { Cors } from '../rpc/cors.ts'

/** Makes an `onRequest` hook: it answers preflights, and marks every other response for the origins that may call. */
export function corsHook(cors: Cors, isCall: (request: FastifyRequest) => boolean): onRequestAsyncHookHandler {
  return async function onRequestCors(request, reply) {
    if (!isCall(request)) return
    reply.header('vary', 'origin')
    const origin = request.headers.origin
    if (request.method === 'OPTIONS') await answerPreflight(cors, origin, reply)
    else if (origin !== undefined) reply.headers(cors.responseHeaders(origin) ?? {})
  }
}

async function answerPreflight(cors: Cors, origin: string | undefined, reply: FastifyReply): Promise<void> {
  const headers = origin === undefined ? undefined : cors.preflightHeaders(origin)
  if (headers === undefined)
    await reply.code(403).send({ code: 'permission_denied', message: 'the origin may not call' })
  else await reply.code(204).headers(headers).send()
}
