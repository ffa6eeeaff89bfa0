/** Writes one line for each call, and one for each ordinary request, once its response is closed. */
import { constants, type Http2ServerResponse } from 'node:http2'
import { Code } from '@connectrpc/connect'
import { codeFromHttpStatus, codeToString } from '@connectrpc/connect/protocol-connect'
import type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { CallEnd, CallObserver, CallStart } from '../../wire/call-observer.ts'

/** What the log cannot read off a request by itself. */
export interface AccessLogSources {
  /** The protocol of a call; undefined for ordinary HTTP. */
  protocolOf(request: FastifyRequest, path: string): string | undefined
  /** The code that a call failed with; undefined where it succeeded, or headers and trailers alone tell. */
  outcomeOf(request: FastifyRequest, httpStatus: number): Code | undefined
  /** Bytes of the bodies. */
  trafficOf(request: FastifyRequest): ExchangeTraffic | undefined
  /** The version that the peer speaks, as node:http writes it. */
  httpVersionOf(request: FastifyRequest): string
}

/** What passed on one exchange. */
export interface ExchangeTraffic {
  readonly receivedBytes: number
  readonly sentBytes: number
  /** The `grpc-status` that went out as a trailer. */
  readonly grpcStatus: string | undefined
}

/** What is known of every request that is over. */
interface EndedExchange extends Omit<ExchangeTraffic, 'grpcStatus'> {
  /** Without query. */
  readonly path: string
  readonly durationMs: number
  /** `ADDRESS:PORT` */
  readonly peer: string
  readonly httpVersion: string
}

/** A call that is over. */
export interface EndedCall extends EndedExchange {
  readonly protocol: string
  /** undefined for a success. */
  readonly code: Code | undefined
}

/** An ordinary request that is over. */
export interface EndedRequest extends EndedExchange {
  readonly method: string
  readonly status: number
}

type Level = 'debug' | 'info' | 'warn' | 'error'

/** Calls that probes make every few seconds. */
const QUIET_PATHS = new Set(['/livez', '/readyz', '/grpc.health.v1.Health/Check', '/grpc.health.v1.Health/Watch'])

/** How loud a code is: what the server is at fault for, what may be its fault, what is the caller's business. */
const LEVELS: Readonly<Partial<Record<Code, Level>>> = {
  [Code.Unknown]: 'error',
  [Code.Internal]: 'error',
  [Code.DataLoss]: 'error',
  [Code.DeadlineExceeded]: 'warn',
  [Code.PermissionDenied]: 'warn',
  [Code.ResourceExhausted]: 'warn',
  [Code.FailedPrecondition]: 'warn',
  [Code.Aborted]: 'warn',
  [Code.OutOfRange]: 'warn',
  [Code.Unavailable]: 'warn',
}

/** Adds the log of what passes a Fastify instance; switch Fastify's own request lines off beside it. */
export function addAccessLog(app: FastifyInstance, sources: AccessLogSources): void {
  app.addHook('onRequest', async function onRequestAccessLog(request, reply) {
    const startedAtMs = performance.now()
    // A closed connection has no address any more.
    const peer = `${request.ip}:${request.socket.remotePort}`
    reply.raw.once('close', () => logExchange(request, reply, { sources, startedAtMs, peer }))
  })
}

/** Observes calls for the log. */
export function observeForLog(log: FastifyBaseLogger): CallObserver {
  return { onStart: (call) => ({ onEnd: (end) => logEnd(log, call, end) }) }
}

function logEnd(log: FastifyBaseLogger, call: CallStart, end: CallEnd): void {
  const { path, protocol, httpMethod, httpVersion } = call
  const common = { path, ...end, httpVersion: httpVersion === '2' ? '2.0' : (httpVersion ?? '') }
  if (protocol === 'http') logRequest(log, { ...common, method: httpMethod, status: end.httpStatus ?? 0 })
  else logCall(log, { ...common, protocol })
}

/** Writes the line of a call. */
export function logCall(log: FastifyBaseLogger, call: EndedCall): void {
  const { path, protocol, code } = call
  const level = QUIET_PATHS.has(path) && code === undefined ? 'debug' : levelOf(code)
  if (!isEnabled(log, level)) return
  const fields = { method: path.slice(1), protocol, code: code === undefined ? 'ok' : codeToString(code) }
  log[level]({ ...fields, ...commonFields(call) }, 'call')
}

/** Writes the line of an ordinary request. */
export function logRequest(log: FastifyBaseLogger, request: EndedRequest): void {
  const { method, path, status } = request
  const level = QUIET_PATHS.has(path) ? 'debug' : 'info'
  if (isEnabled(log, level)) log[level]({ method, path, status, ...commonFields(request) }, 'request')
}

/** Whether a logger writes anything at all: one that does not need not be told of anything. */
export function isLogging(log: FastifyBaseLogger | undefined): log is FastifyBaseLogger {
  return log !== undefined && log.level !== 'silent'
}

function logExchange(
  request: FastifyRequest,
  reply: FastifyReply,
  { sources, startedAtMs, peer }: { sources: AccessLogSources; startedAtMs: number; peer: string },
): void {
  const path = request.url.split('?', 1)[0] ?? ''
  const protocol = sources.protocolOf(request, path)
  const { receivedBytes = 0, sentBytes = 0, grpcStatus } = sources.trafficOf(request) ?? {}
  const durationMs = performance.now() - startedAtMs
  const common = { path, durationMs, receivedBytes, sentBytes, peer, httpVersion: sources.httpVersionOf(request) }
  const { statusCode } = reply.raw
  if (protocol === undefined) {
    logRequest(request.log, { ...common, method: request.method, status: statusCode })
    return
  }
  const code = sources.outcomeOf(request, statusCode) ?? codeOf(reply, grpcStatus)
  logCall(request.log, { ...common, protocol, code })
}

/** Of durations microseconds are enough. */
function commonFields({ durationMs, receivedBytes, sentBytes, peer, httpVersion }: EndedExchange): object {
  return { durationMs: Math.round(durationMs * 1_000) / 1_000, receivedBytes, sentBytes, peer, httpVersion }
}

/** Loggers that cannot say so are asked. */
function isEnabled(log: FastifyBaseLogger, level: Level): boolean {
  const { isLevelEnabled } = log as Partial<{ isLevelEnabled(level: Level): boolean }>
  return isLevelEnabled === undefined || isLevelEnabled.call(log, level)
}

/** Calls that failed before any handler, or behind it: what went out tells. */
function codeOf(reply: FastifyReply, grpcStatus: string | undefined): Code | undefined {
  if (wasCutShort(reply)) return Code.Canceled
  if (grpcStatus !== undefined) return grpcStatus === '0' ? undefined : (Number(grpcStatus) as Code)
  const { statusCode } = reply.raw
  if (statusCode === 400) return Code.InvalidArgument
  return statusCode > 400 ? codeFromHttpStatus(statusCode) : undefined
}

/** node:http2 counts an answer whose stream was reset as finished. */
function wasCutShort({ raw }: FastifyReply): boolean {
  const { stream } = raw as unknown as Partial<Http2ServerResponse>
  return !raw.writableFinished || (stream !== undefined && stream.rstCode !== constants.NGHTTP2_NO_ERROR)
}

function levelOf(code: Code | undefined): Level {
  return code === undefined ? 'info' : (LEVELS[code] ?? 'info')
}
