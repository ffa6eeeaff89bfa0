/**
 * The `onRequest` hooks and the gate that calls pass before Connect's plugin. They add what the native lane does
 * itself.
 */
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
 * Creates a hook that adds `Allow` to a 405 (RFC 9110 section 15.5.6) and `Accept-Post` to a 415 (Linked Data Platform
 * 1.0, section 7.1), so that callers learn what is accepted.
 *
 * @param handlerOf returns the handler of a route
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

/** The largest count of `grpc-timeout`, which has at most eight digits. */
const MAX_GRPC_COUNT = 99_999_999

/**
 * Creates a hook that clamps the timeout headers, and adds that of the server where the client set none. Connect's
 * plugin passes them to a timer, which overflows and fires at once for very long ones.
 *
 * @param defaultMsOf returns the default of a route; 0 for none
 */
export function limitTimeouts(maxTimeoutMs: number, defaultMsOf: (path: string) => number): onRequestAsyncHookHandler {
  return async function onRequestLimitTimeouts({ raw: { headers }, routeOptions }) {
    const defaultMs = Math.min(defaultMsOf(routeOptions.url ?? ''), maxTimeoutMs)
    if (defaultMs > 0) addTimeout(headers, defaultMs)
    for (const [name, clamp] of CLAMPS) {
      const value = headers[name]
      const clamped = typeof value === 'string' ? clamp(value, maxTimeoutMs) : undefined
      if (clamped !== undefined) headers[name] = clamped
    }
  }
}

/** Both protocols of Connect have the same header; gRPC and gRPC-Web have another. */
function addTimeout(headers: FastifyRequest['raw']['headers'], timeoutMs: number): void {
  if (headers['content-type']?.startsWith('application/grpc') === true) {
    headers['grpc-timeout'] ??= asGrpcTimeout(timeoutMs)
  } else {
    headers['connect-timeout-ms'] ??= String(timeoutMs)
  }
}

/**
 * Clamps a `grpc-timeout` value (gRPC over HTTP/2, Timeout: 1 to 8 digits and a unit).
 *
 * @returns the clamped value; undefined if the value is within the limit or invalid
 */
export function clampGrpcTimeout(value: string, maxTimeoutMs: number): string | undefined {
  return (parseGrpcTimeout(value) ?? 0) > maxTimeoutMs ? asGrpcTimeout(maxTimeoutMs) : undefined
}

/**
 * Clamps a `connect-timeout-ms` value (Connect protocol: 1 to 10 digits, milliseconds).
 *
 * @returns the clamped value; undefined if the value is within the limit or invalid
 */
export function clampConnectTimeout(value: string, maxTimeoutMs: number): string | undefined {
  return (parseConnectTimeout(value) ?? 0) > maxTimeoutMs ? String(maxTimeoutMs) : undefined
}

/** The timeout headers of all protocols. */
const CLAMPS = [
  ['grpc-timeout', clampGrpcTimeout],
  ['connect-timeout-ms', clampConnectTimeout],
] as const

/** Uses milliseconds while they fit into eight digits, otherwise seconds, rounded down to stay within the limit. */
function asGrpcTimeout(timeoutMs: number): string {
  return timeoutMs <= MAX_GRPC_COUNT ? `${timeoutMs}m` : `${Math.floor(timeoutMs / 1_000)}S`
}

/** Creates a hook that answers preflights, and adds CORS headers to all other responses. */
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

/** A hook that replaces an authority that no URL can have. Connect's plugin creates a URL from it, and would throw. */
export const standInHost: onRequestAsyncHookHandler = async function onRequestStandInHost({ raw: { headers } }) {
  const name = headers[':authority'] === undefined ? 'host' : ':authority'
  headers[name] = urlAuthorityOf(String(headers[name] ?? ''))
}

/**
 * A hook that ends the blocked write of a handler whose client has disconnected. Connect's plugin waits for `drain` or
 * `error` of the response, and node:http2 emits neither for a stream that is closed meanwhile, so the handler would
 * stay suspended forever, with the resources that its `finally` would release. The error has the code of a lost
 * connection, which the plugin does not treat as a fault.
 */
export async function endBlockedWrite(_request: FastifyRequest, { raw: response }: FastifyReply): Promise<void> {
  response.on('error', () => {})
  response.once('close', () => {
    if (response.writableFinished) return
    response.emit('error', Object.assign(new Error('the client disconnected'), { code: 'ECONNRESET' }))
  })
}

/**
 * A gate that refuses calls with undecodable binary metadata. Such metadata is base64, and several values of a key may
 * be joined by commas.
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
