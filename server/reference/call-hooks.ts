/** What calls of the reference lane pass before Connect's plugin: `onRequest` hooks of Fastify, and a gate. */
import { Code, ConnectError, type ConnectRouter, type HandlerContext } from '@connectrpc/connect'
import type { FastifyReply, FastifyRequest, onRequestAsyncHookHandler } from 'fastify'
import { isBinaryMetadata } from '../../wire/base64.ts'
import { urlAuthorityOf } from '../../wire/http2/http2.ts'
import { clipValue } from '../../wire/text/clip-text.ts'
import { parseConnectTimeout, parseGrpcTimeout } from '../../wire/timeout-header.ts'
import type { Cors } from '../rpc/cors.ts'
import { STANDARD_PROTOCOLS } from '../rpc/standard-protocols.ts'

type Handler = ConnectRouter['handlers'][number]

const CONTENT_TYPES = STANDARD_PROTOCOLS.flatMap(({ contentTypes }) => contentTypes)

/**
 * Makes an `onRequest` hook for the routes of the calls: the 405 that a request is about to get carries `Allow` (RFC 9110
 * section 15.5.6), the 415 carries `Accept-Post` (Linked Data Platform 1.0, section 7.1).
 *
 * @param handlerOf finds the handler by the path of the route
 */
export function acceptableHook(handlerOf: (path: string) => Handler | undefined): onRequestAsyncHookHandler {
  return async function onRequestAcceptable({ method, headers, routeOptions }, reply) {
    const handler = handlerOf(routeOptions.url ?? '')
    if (handler === undefined) return
    if (!handler.allowedMethods.includes(method)) reply.header('allow', handler.allowedMethods.join(', '))
    else if (method === 'POST' && !handler.supportedContentType(headers['content-type'] ?? '')) {
      reply.header('accept-post', CONTENT_TYPES.filter((type) => handler.supportedContentType(type)).join(', '))
    }
  }
}

/** Eight digits are the most that `grpc-timeout` has. */
const MAX_GRPC_COUNT = 99_999_999

/** Makes an `onRequest` hook for calls: headers that state a longer deadline state the limit from then on. */
export function clampTimeouts(maxTimeoutMs: number): onRequestAsyncHookHandler {
  return async function onRequestClampTimeouts({ raw: { headers } }) {
    for (const [name, clamp] of CLAMPS) {
      const value = headers[name]
      const clamped = typeof value === 'string' ? clamp(value, maxTimeoutMs) : undefined
      if (clamped !== undefined) headers[name] = clamped
    }
  }
}

/**
 * Clamps a `grpc-timeout` value (gRPC over HTTP/2, Timeout: 1 to 8 digits and a unit).
 *
 * @returns the value to use instead, or undefined where the value is within the limit or is not a timeout at all
 */
export function clampGrpcTimeout(value: string, maxTimeoutMs: number): string | undefined {
  return (parseGrpcTimeout(value) ?? 0) > maxTimeoutMs ? asGrpcTimeout(maxTimeoutMs) : undefined
}

/**
 * Clamps a `connect-timeout-ms` value (Connect protocol: 1 to 10 digits, milliseconds).
 *
 * @returns the value to use instead, or undefined where the value is within the limit or is not a timeout at all
 */
export function clampConnectTimeout(value: string, maxTimeoutMs: number): string | undefined {
  return (parseConnectTimeout(value) ?? 0) > maxTimeoutMs ? String(maxTimeoutMs) : undefined
}

const CLAMPS = [
  ['grpc-timeout', clampGrpcTimeout],
  ['connect-timeout-ms', clampConnectTimeout],
] as const

/** Milliseconds while they fit, else seconds, rounded down: no longer than the limit. */
function asGrpcTimeout(timeoutMs: number): string {
  return timeoutMs <= MAX_GRPC_COUNT ? `${timeoutMs}m` : `${Math.floor(timeoutMs / 1_000)}S`
}

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
    await reply.code(403).send({ code: 'permission_denied', message: 'origin not allowed: add it to cors.origins' })
  else await reply.code(204).headers(headers).send()
}

/** An `onRequest` hook for calls. What the client stated is not seen from then on where no URL can have it. */
export const standInHost: onRequestAsyncHookHandler = async function onRequestStandInHost({ raw: { headers } }) {
  const name = headers[':authority'] === undefined ? 'host' : ':authority'
  headers[name] = urlAuthorityOf(String(headers[name] ?? ''))
}

/**
 * A Fastify `onRequest` hook for the calls of the reference lane. Upstream waits for `drain` or `error` before it sends on,
 * and node:http2 emits neither where a stream is closed meanwhile: the handler would stay suspended for ever, with all that
 * its `finally` was to release. The error has the code of a lost connection, which upstream takes as no fault.
 */
export async function endBlockedWrite(_request: FastifyRequest, { raw: response }: FastifyReply): Promise<void> {
  response.on('error', () => {})
  response.once('close', () => {
    if (response.writableFinished) return
    response.emit('error', Object.assign(new Error('the client disconnected'), { code: 'ECONNRESET' }))
  })
}

/**
 * A request gate. Binary metadata arrives as base64, and several values of a key may arrive joined by commas.
 *
 * @throws ConnectError INVALID_ARGUMENT that names the header
 */
export function checkBinaryMetadata(context: HandlerContext): void {
  context.requestHeader.forEach((value, name) => {
    if (!name.endsWith('-bin')) return
    if (isBinaryMetadata(value)) return
    throw new ConnectError(`${clipValue(name)}: value is not valid base64`, Code.InvalidArgument)
  })
}
