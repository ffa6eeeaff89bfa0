/** Logs one line per call and per ordinary request, when it ends. */
import { Code, type ConnectError } from '@connectrpc/connect'
import { codeToString } from '@connectrpc/connect/protocol-connect'
import type { FastifyBaseLogger } from 'fastify'
import type { CallEnd, CallObserver, CallStart } from '../../wire/call-observer.ts'
import { grpcMethod } from '../../wire/telemetry/rpc-names.ts'

type Level = 'debug' | 'info' | 'warn' | 'error'

/** What probes and Prometheus ask every few seconds. */
const QUIET_PATHS = [
  '/livez',
  '/readyz',
  '/startedz',
  '/metrics',
  '/grpc.health.v1.Health/Check',
  '/grpc.health.v1.Health/Watch',
]

/** The level of each code: error for faults of the server, warn for possible faults, info for faults of the caller. */
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

const MAX_ERROR_CHARS = 1_024

/** What the access log has lines for. */
export interface AccessLogOptions {
  /** Also ordinary requests, which Fastify can log as well. Default: true. */
  readonly requests?: boolean
  /** Paths whose successful requests are logged at level debug, besides those of probes and `/metrics`. Default: none. */
  readonly quietPaths?: readonly string[]
}

const accessLogs = new WeakSet<CallObserver>()

/**
 * Creates an observer that writes one line per call (`call`) and per ordinary request (`request`). Successful probes are logged at
 * debug level. The plugin and `createApp` add one of their own unless `observers` has one.
 *
 *     await app.register(portico, { routes, observers: [accessLog(log)] })
 */
export function accessLog(
  log: FastifyBaseLogger,
  { requests = true, quietPaths = [] }: AccessLogOptions = {},
): CallObserver {
  const quiet = new Set([...QUIET_PATHS, ...quietPaths])
  const observer: CallObserver = {
    onStart: (call) => (requests || isCall(call) ? { onEnd: (end) => write({ log, quiet }, call, end) } : null),
  }
  accessLogs.add(observer)
  return observer
}

/** Whether an observer writes the access log. */
export function isAccessLog(observer: CallObserver): boolean {
  return accessLogs.has(observer)
}

/** Whether a logger writes anything. Fastify's stand-in for no logger has no level, and one function for all of them. */
export function isLogging(log: FastifyBaseLogger): boolean {
  return log.level === undefined ? log.info !== log.error : log.level !== 'silent'
}

function isCall({ protocol }: CallStart): boolean {
  return protocol !== 'http'
}

/** Where lines go, and which are for debugging. */
interface LineTarget {
  readonly log: FastifyBaseLogger
  readonly quiet: ReadonlySet<string>
}

function write({ log, quiet }: LineTarget, call: CallStart, end: CallEnd): void {
  const level = levelOf(quiet, call, end)
  if (!isEnabled(log, level)) return
  const fields = { ...(isCall(call) ? callFields(call, end) : requestFields(call, end)), ...commonFields(call, end) }
  log[level](fields, isCall(call) ? 'call' : 'request')
}

function callFields(call: CallStart, { code, httpStatus, error, errorId }: CallEnd): object {
  return {
    ...namesOf(call),
    protocol: call.protocol,
    code: code === undefined ? 'ok' : codeToString(code),
    ...(httpStatus === undefined || httpStatus === 200 ? {} : { status: httpStatus }),
    ...(error === null ? {} : { error: textOf(error) }),
    ...(errorId === undefined ? {} : { errorId }),
  }
}

/** A call by REST has a path of its own, besides that of its method. */
function namesOf({ path, method, route, httpMethod }: CallStart): object {
  if (route === undefined) return { method: path.slice(1) }
  return { method: grpcMethod(method), verb: httpMethod, path, route }
}

function requestFields({ path, httpMethod }: CallStart, { code, httpStatus = 0 }: CallEnd): object {
  return { method: httpMethod, path, status: httpStatus, ...(code === undefined ? {} : { code: codeToString(code) }) }
}

/** Durations are rounded to microseconds. */
function commonFields({ httpVersion }: CallStart, end: CallEnd): object {
  const { durationMs, receivedBytes, sentBytes, peer, requestId, trace } = end
  return {
    durationMs: Math.round(durationMs * 1_000) / 1_000,
    receivedBytes,
    sentBytes,
    peer,
    httpVersion: httpVersion === '2' ? '2.0' : httpVersion,
    ...(requestId === undefined ? {} : { reqId: requestId }),
    ...trace?.ids,
  }
}

/** For internal errors the text of what was thrown, in place of the id that the caller received. */
function textOf({ cause, rawMessage, code }: ConnectError): string {
  const text = code === Code.Internal && cause instanceof Error ? `${cause.name}: ${cause.message}` : rawMessage
  return text.slice(0, MAX_ERROR_CHARS)
}

/** A 4xx status is a fault of the caller, even if the protocol's code for it counts as a server error. */
function levelOf(quiet: ReadonlySet<string>, { path }: CallStart, { code, httpStatus = 0 }: CallEnd): Level {
  if (code === undefined) return quiet.has(path) ? 'debug' : 'info'
  const level = LEVELS[code] ?? 'info'
  return level === 'error' && httpStatus >= 400 && httpStatus < 500 ? 'info' : level
}

/** A logger without `isLevelEnabled` decides itself. */
function isEnabled(log: FastifyBaseLogger, level: Level): boolean {
  const { isLevelEnabled } = log as Partial<{ isLevelEnabled(level: Level): boolean }>
  return isLevelEnabled === undefined || isLevelEnabled.call(log, level)
}
