/** Writes one line for each call, and one for each ordinary request, once its response is closed. */
import { Code } from '@connectrpc/connect'
import { codeFromHttpStatus, codeToString } from '@connectrpc/connect/protocol-connect'
import type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

/** What the log cannot read off a request by itself. */
export interface AccessLogSources {
  /** The protocol of a call; undefined for ordinary HTTP. */
  protocolOf(request: FastifyRequest, path: string): string | undefined
  /** The code that a call failed with inside; undefined where it succeeded or never got there. */
  outcomeOf(request: FastifyRequest): Code | undefined
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

/** A call that is over. */
export interface CallRecord extends Omit<ExchangeTraffic, 'grpcStatus'> {
  /** The request's path, without query. */
  readonly path: string
  readonly protocol: string
  /** undefined for a success. */
  readonly code: Code | undefined
  readonly durationMs: number
  /** `ADDRESS:PORT` */
  readonly peer: string
  readonly httpVersion: string
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

/** Writes the line of a call that Fastify never saw. */
export function logCall(log: FastifyBaseLogger, { path, protocol, code, durationMs, ...traffic }: CallRecord): void {
  const level = QUIET_PATHS.has(path) && code === undefined ? 'debug' : levelOf(code)
  if (!isEnabled(log, level)) return
  const { receivedBytes, sentBytes, peer, httpVersion } = traffic
  const common = { durationMs: rounded(durationMs), receivedBytes, sentBytes, peer, httpVersion }
  write(
    log,
    level,
    { method: path.slice(1), protocol, code: code === undefined ? 'ok' : codeToString(code), ...common },
    'call',
  )
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
  const common = { durationMs, receivedBytes, sentBytes, peer, httpVersion: sources.httpVersionOf(request) }
  if (protocol === undefined) {
    const { method, log } = request
    const fields = { method, path, status: reply.raw.statusCode, ...common, durationMs: rounded(durationMs) }
    write(log, QUIET_PATHS.has(path) ? 'debug' : 'info', fields, 'request')
    return
  }
  const code = sources.outcomeOf(request) ?? codeOf(reply, grpcStatus)
  logCall(request.log, { path, protocol, code, ...common })
}

/** Microseconds are enough. */
function rounded(durationMs: number): number {
  return Math.round(durationMs * 1_000) / 1_000
}

/** Loggers that cannot say so are asked. */
function isEnabled(log: FastifyBaseLogger, level: Level): boolean {
  const { isLevelEnabled } = log as Partial<{ isLevelEnabled(level: Level): boolean }>
  return isLevelEnabled === undefined || isLevelEnabled.call(log, level)
}

/** Calls that failed before any handler, or behind it: what went out tells. */
function codeOf(reply: FastifyReply, grpcStatus: string | undefined): Code | undefined {
  if (grpcStatus !== undefined) return grpcStatus === '0' ? undefined : (Number(grpcStatus) as Code)
  if (!reply.raw.writableFinished) return Code.Canceled
  const { statusCode } = reply.raw
  if (statusCode === 400) return Code.InvalidArgument
  return statusCode > 400 ? codeFromHttpStatus(statusCode) : undefined
}

function levelOf(code: Code | undefined): Level {
  return code === undefined ? 'info' : (LEVELS[code] ?? 'info')
}

function write(log: FastifyBaseLogger, level: Level, fields: object, message: string): void {
  log[level](fields, message)
}
