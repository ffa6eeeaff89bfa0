/** Logs one line per call and per ordinary request, when it ends. */
import { Code, type ConnectError } from '@connectrpc/connect'
import { codeToString } from '@connectrpc/connect/protocol-connect'
import type { FastifyBaseLogger } from 'fastify'
import type { CallEnd, CallObservation, CallObserver, CallStart } from '../../wire/call-observer.ts'
import { grpcMethod } from '../../wire/telemetry/rpc-names.ts'
import { fieldsText, LineWriter, lineEnd } from './line-writer.ts'
import { isPlainSuccess, PlainCallText } from './plain-call-text.ts'

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

/** pino's numbers of the levels. */
const LEVEL_NUMBERS: Readonly<Record<Level, number>> = { debug: 20, info: 30, warn: 40, error: 50 }

const MAX_ERROR_CHARS = 1_024

/** All fields that a line may have. */
const SAMPLE = {
  ...{ method: 'a.B/C', verb: 'GET', path: '/a', route: '/{a}', protocol: 'grpc', code: 'ok', status: 400 },
  ...{ error: 'a "quoted" text', errorId: 'a', durationMs: 1.5, receivedBytes: 1, sentBytes: 2 },
  ...{ peer: '192.0.2.1:1', httpVersion: '2.0', reqId: 'req-1', traceId: 'a', spanId: 'b' },
}

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
  const lines = new AccessLog(log, quietPaths)
  const observer: CallObserver = {
    onStart: (call) => (requests || isCall(call) ? new LoggedCall(lines, call) : null),
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

/** A call of which the log will have a line. */
class LoggedCall implements CallObservation {
  readonly #log: AccessLog
  readonly #call: CallStart

  constructor(log: AccessLog, call: CallStart) {
    this.#log = log
    this.#call = call
  }

  onEnd(end: CallEnd): void {
    this.#log.write(this.#call, end)
  }
}

/** Writes the lines: past pino's formatting where that changes nothing. */
class AccessLog {
  readonly #log: FastifyBaseLogger
  readonly #quiet: ReadonlySet<string>
  readonly #lines: LineWriter | null
  readonly #plain: PlainCallText

  constructor(log: FastifyBaseLogger, quietPaths: readonly string[]) {
    this.#log = log
    this.#quiet = new Set([...QUIET_PATHS, ...quietPaths])
    this.#lines = LineWriter.of(log, SAMPLE)
    this.#plain = new PlainCallText(this.#quiet)
  }

  write(call: CallStart, end: CallEnd): void {
    if (this.#lines !== null && isPlainSuccess(call, end)) this.#writePlain(this.#lines, call, end)
    else this.#writeAny(call, end)
  }

  #writePlain(lines: LineWriter, call: CallStart, end: CallEnd): void {
    const path = this.#plain.pathOf(call)
    const level = path.isQuiet ? LEVEL_NUMBERS.debug : LEVEL_NUMBERS.info
    if (!lines.isEnabled(level)) return
    const added = lines.addedFields()
    lines.write(
      level,
      added === null ? this.#plain.of(path, call, end) : restOf({ ...added, ...fieldsOf(call, end) }, 'call'),
    )
  }

  #writeAny(call: CallStart, end: CallEnd): void {
    const level = levelOf(this.#quiet, call, end)
    const message = isCall(call) ? 'call' : 'request'
    const lines = this.#lines
    if (lines === null) {
      if (isEnabled(this.#log, level)) this.#log[level](fieldsOf(call, end), message)
    } else if (lines.isEnabled(LEVEL_NUMBERS[level])) {
      lines.write(LEVEL_NUMBERS[level], restOf({ ...lines.addedFields(), ...fieldsOf(call, end) }, message))
    }
  }
}

/** The line from its first field to its end. */
function restOf(fields: object, message: string): string {
  return fieldsText(fields) + lineEnd(message)
}

function fieldsOf(call: CallStart, end: CallEnd): object {
  return { ...(isCall(call) ? callFields(call, end) : requestFields(call, end)), ...commonFields(call, end) }
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
