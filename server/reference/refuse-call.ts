/** Answers requests that never become calls in the protocol of the caller, over what Fastify holds. */
import type { ServerHttp2Stream } from 'node:http2'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { RequestObservation } from '../listen/request-observation.ts'
import { CallHead } from '../rpc/exchange/call-head.ts'
import { type CallerProtocol, protocolOf, refuse, refuseUnserved } from '../rpc/exchange/caller-protocol.ts'
import { fieldsOf } from '../rpc/exchange/node-request.ts'
import { HeadFault, type Refusal } from '../rpc/exchange/refusal.ts'
import { STANDARD_PROTOCOLS } from '../rpc/standard-protocols.ts'

/** What is read of a request of node:http or node:http2. */
type RawHead = Pick<FastifyRequest['raw'], 'method' | 'url' | 'rawHeaders'>

/** The protocol of a request; undefined for ordinary HTTP. `isMethod`: its path is that of a method. */
export function callerProtocolOf(raw: RawHead, isMethod = false): CallerProtocol | undefined {
  return protocolOf(STANDARD_PROTOCOLS, headOf(raw), isMethod)
}

/** Whether a browser asks if a page may make a call, to whatever method. */
export function isCallPreflight(raw: RawHead): boolean {
  return raw.method === 'OPTIONS' && headOf(raw).isCallPreflight
}

/**
 * A Fastify `onRequest` hook for the root scope. Requests that Fastify has a route for, and those that are not written in
 * an RPC protocol, pass: the 404 of ordinary HTTP stays the user's to set.
 */
export async function answerUnservedCall(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  if (!request.is404) return
  const protocol = callerProtocolOf(request.raw)
  if (protocol !== undefined) await send(request, reply, refuseUnserved(protocol, headOf(request.raw)))
}

/** A Fastify `onRequest` hook for calls. One content type counts for upstream and another for others. */
export async function refuseTwoContentTypes(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const head = headOf(request.raw)
  if (head.contentTypes < 2) return
  await send(request, reply, refuse(callerProtocolOf(request.raw, true), head, HeadFault.MORE_CONTENT_TYPES))
}

function headOf({ method = '', url = '', rawHeaders }: RawHead): CallHead {
  return new CallHead({ method, path: url, fields: fieldsOf(rawHeaders) })
}

async function send(request: FastifyRequest, reply: FastifyReply, refusal: Refusal): Promise<void> {
  const { head, body, code } = refusal
  RequestObservation.of(request.raw)?.onRefusal(code)
  if (body.byteLength === 0 && sendHeadersOnly(request, reply, refusal)) return
  await reply.code(head.status).headers(headersOf(refusal)).send(body)
}

/**
 * A gRPC response without messages is one HEADERS frame that ends the stream (Trailers-Only). Fastify would end the
 * stream with a frame of its own, and clients would look for trailers behind it.
 *
 * @returns whether it was sent: HTTP/1.1 has no such thing
 */
function sendHeadersOnly({ raw }: FastifyRequest, reply: FastifyReply, refusal: Refusal): boolean {
  if (!('stream' in raw)) return false
  const stream = raw.stream as ServerHttp2Stream
  const fields: Record<string, number | string | string[] | undefined> = reply.headers(headersOf(refusal)).getHeaders()
  reply.hijack()
  if (!stream.destroyed) stream.respond({ ':status': refusal.head.status, ...fields }, { endStream: true })
  return true
}

function headersOf({ head }: Refusal): Record<string, string> {
  return Object.fromEntries(head.fields.map(({ name, value }) => [name, value]))
}
