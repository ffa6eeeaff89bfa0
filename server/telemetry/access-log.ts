/** Writes one line for each call, and one for each ordinary request, once its response is closed. */
import { constants, type Http2ServerResponse } from 'node:http2'
import { Code } from '@connectrpc/connect'
import { codeFromHttpStatus, codeToString } from '@connectrpc/connect/protocol-connect'
import type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

/** What the log cannot read off a request by itself. */
export interface AccessLogSources {
  /** The protocol of a call; undefined for ordinary HTTP. */
  protocolOf(request: FastifyRequest, path: string): string | undefined
  /** The code that a call failed with; undefined where it succeeded, or headers and trailers alone tell. */
  outcomeOf(request: FastifyRequest, httpStatus: number): Code | undefined
  /** Bytes of the bodies. */
  trafficOf(request: FastifyRequest): ExchangeTraffic | undefined
}

/** What passed on one exchange. */
export interface ExchangeTraffic {
  readonly receivedBytes: number
  readonly sentBytes: number
  /** The `grpc-status` that went out as a trailer. */
  readonly grpcStatus: string | undefined
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

/** Adds the log to a Fastify instance; switch Fastify's own request lines off beside it. */
export function addAccessLog(app: FastifyInstance, sources: AccessLogSources): void {
  app.addHook('onRequest', async function onRequestAccessLog(request, reply) {
    const startedAtMs = performance.now()
    // A closed connection has no address any more.
    const peer = `${request.ip}:${request.socket.remotePort}`
    reply.raw.once('close', () => logExchange(request, reply, { sources, startedAtMs, peer }))
  })
}

function logExchange(
  request: FastifyRequest,
  reply: FastifyReply,
  { sources, startedAtMs, peer }: { sources: AccessLogSources; startedAtMs: number; peer: string },
): void {
  const path = request.url.split('?', 1)[0] ?? ''
  const protocol = sources.protocolOf(request, path)
  const { receivedBytes = 0, sentBytes = 0, grpcStatus } = sources.trafficOf(request) ?? {}
  const durationMs = Math.round((performance.now() - startedAtMs) * 1_000) / 1_000
  const common = { durationMs, receivedBytes, sentBytes, peer, httpVersion: request.raw.httpVersion }
  if (protocol === undefined) {
    const fields = { method: request.method, path, status: reply.raw.statusCode, ...common }
    write(request.log, QUIET_PATHS.has(path) ? 'debug' : 'info', fields, 'request')
    return
  }
  const code = sources.outcomeOf(request, reply.raw.statusCode) ?? codeOf(reply, grpcStatus)
  const level = QUIET_PATHS.has(path) && code === undefined ? 'debug' : levelOf(code)
  const fields = { method: path.slice(1), protocol, code: code === undefined ? 'ok' : codeToString(code), ...common }
  write(request.log, level, fields, 'call')
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

function write(log: FastifyBaseLogger, level: Level, fields: object, message: string): void {
  log[level](fields, message)
}
