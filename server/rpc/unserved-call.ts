/** Answers calls to methods that nobody serves in the protocol of the caller. */
import { Code } from '@connectrpc/connect'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { encodeErrorResponse } from '../../wire/error-response.ts'
import { rpcProtocolOf } from '../../wire/rpc-protocol.ts'
import { callOutcomeOf } from './call-outcomes.ts'

/**
 * A Fastify `onRequest` hook for the root scope. Requests that Fastify has a route for, and those that are not written in
 * an RPC protocol, pass: the 404 of ordinary HTTP stays the user's to set.
 */
export async function answerUnservedCall(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  if (!request.is404) return
  const protocol = rpcProtocolOf({
    contentType: request.headers['content-type'],
    connectVersion: stringOf(request.headers['connect-protocol-version']),
    method: request.method,
    target: request.url,
  })
  if (protocol === undefined) return
  const outcome = callOutcomeOf(request.raw, request.log)
  outcome.code = Code.Unimplemented
  const path = request.url.split('?', 1)[0] ?? ''
  const answer = encodeErrorResponse({ protocol, code: Code.Unimplemented, message: `${path} is not implemented` })
  await reply.code(answer.status).headers(answer.headers).send(answer.body)
}

function stringOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value
}
