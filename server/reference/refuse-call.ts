/** Refuses requests that do not become calls, in the protocol of the caller, through Fastify's reply. */
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

/** Returns the protocol of a request; undefined for ordinary HTTP. `isMethod`: its path is that of a method. */
export function callerProtocolOf(raw: RawHead, isMethod = false): CallerProtocol | undefined {
  return protocolOf(STANDARD_PROTOCOLS, headOf(raw), isMethod)
}

/** Whether a request is a preflight for a call, to any method. */
export function isCallPreflight(raw: RawHead): boolean {
  return raw.method === 'OPTIONS' && headOf(raw).isCallPreflight
}

/**
 * A Fastify `onRequest` hook for the root scope. It passes requests that Fastify has a route for, and those in no RPC
 * protocol: the app may set the 404 of ordinary HTTP.
 */
export async function answerUnservedCall(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  if (!request.is404) return
  const protocol = callerProtocolOf(request.raw)
  if (protocol !== undefined) await send(request, reply, refuseUnserved(protocol, headOf(request.raw)))
}

/**
 * A Fastify `onRequest` hook for calls. With two content types, Connect's plugin and other code would read different
 * ones.
 */
export async function refuseTwoContentTypes(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const head = headOf(request.raw)
  if (head.contentTypes < 2) return
  await send(request, reply, refuse(callerProtocolOf(request.raw, true), head, HeadFault.MORE_CONTENT_TYPES))
}

function headOf({ method = '', url = '', rawHeaders }: RawHead): CallHead {
  return new CallHead({ method, path: url, fields: fieldsOf(rawHeaders) })
}

/** Reports the refusal before it is sent, because the response ends the observation. */
async function send(request: FastifyRequest, reply: FastifyReply, refusal: Refusal): Promise<void> {
  const { head, body, code } = refusal
  RequestObservation.of(request.raw)?.onRefusal(code)
  if (body.byteLength === 0 && sendHeadersOnly(request, reply, refusal)) return
  await reply.code(head.status).headers(headersOf(refusal)).send(body)
}

/**
 * Sends a Trailers-Only response as one HEADERS frame that ends the stream. Fastify would end the stream with another
 * frame, and clients would expect trailers after it.
 *
 * @returns whether it was sent; false over HTTP/1.1, which has no such response
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
