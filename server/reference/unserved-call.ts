/** Answers calls to methods that nobody serves in the protocol of the caller. */
import type { ServerHttp2Stream } from 'node:http2'
import { Code } from '@connectrpc/connect'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type ErrorResponse, encodeErrorResponse } from '../../wire/error-response.ts'
import { rpcProtocolOf } from '../../wire/rpc-protocol.ts'
import { callOutcomeOf } from './call-outcomes.ts'

/**
 * A Fastify `onRequest` hook for the root scope. Requests that Fastify has a route for, and those that are not written in
 * an RPC protocol, pass: the 404 of ordinary HTTP stays the user's to set.
 */
export async function answerUnservedCall(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  if (!request.is404) return
  const contentType = request.headers['content-type']
  const protocol = rpcProtocolOf({
    contentType,
    connectVersion: stringOf(request.headers['connect-protocol-version']),
    method: request.method,
    target: request.url,
  })
  if (protocol === undefined) return
  const outcome = callOutcomeOf(request.raw, request.log)
  outcome.code = Code.Unimplemented
  const path = request.url.split('?', 1)[0] ?? ''
  const error = { code: Code.Unimplemented, message: `${path} is not implemented` }
  // Where HTTP has a say, the path is what is missing (Connect protocol, "Unary-Response").
  const status = protocol === 'connect-unary' ? { httpStatus: 404 } : {}
  const answer = encodeErrorResponse({ ...error, ...status, protocol, contentType })
  if (answer.body.byteLength === 0 && sendHeadersOnly(request, reply, answer)) return
  await reply.code(answer.status).headers(answer.headers).send(answer.body)
}

/**
 * A gRPC response without messages is one HEADERS frame that ends the stream (Trailers-Only). Fastify would end the
 * stream with a frame of its own, and clients would look for trailers behind it.
 *
 * @returns whether it was sent: HTTP/1.1 has no such thing
 */
function sendHeadersOnly({ raw }: FastifyRequest, reply: FastifyReply, { status, headers }: ErrorResponse): boolean {
  if (!('stream' in raw)) return false
  const stream = raw.stream as ServerHttp2Stream
  const fields: Record<string, number | string | string[] | undefined> = reply.headers(headers).getHeaders()
  reply.hijack()
  if (!stream.destroyed) stream.respond({ ':status': status, ...fields }, { endStream: true })
  return true
}

function stringOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value
}
