/** Creates the Fastify instance of an app: its port, its logger, and what the user adds. */
import {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyServerOptions,
  fastify,
  LogController,
} from 'fastify'
import type { OptionKind, OptionShape } from '../wire/options/check-options.ts'
import { onePort } from './listen/one-port.ts'
import { FASTIFY_NAMES } from './listen/one-port-advice.ts'
import type { OnePortOptions } from './listen/one-port-options.ts'
import { RequestObservation } from './listen/request-observation.ts'
import { FASTIFY_ADVICE } from './other-names.ts'
import { loadPino } from './telemetry/load-pino.ts'
import { createLogger } from './telemetry/logger.ts'

/** Options of `fastify()` that the app sets itself. */
const OWNED = [
  'logger',
  'loggerInstance',
  'logController',
  'disableRequestLogging',
  'serverFactory',
  'return503OnClosing',
] as const

/** The options of `fastify()` for its routes and requests: `trustProxy`, `bodyLimit`, `ajv`, `genReqId` and others. */
export type FastifyAppOptions = Omit<
  FastifyServerOptions,
  (typeof OWNED)[number] | 'connectionTimeout' | 'keepAliveTimeout' | 'requestTimeout' | 'maxRequestsPerSocket' | 'http'
>

/**
 * Where an app logs: as in `fastify()`, true for JSON lines on standard output, options of pino, or false for no log at all; or a
 * logger, pino's or one like it.
 */
export type AppLogger = NonNullable<FastifyServerOptions['logger']> | FastifyBaseLogger

const ANY: readonly OptionKind[] = ['any']

/** The names of those options, and what to use in place of others. */
export const FASTIFY_SHAPE: OptionShape = {
  kinds: Object.fromEntries(
    FASTIFY_NAMES.filter((name) => !(OWNED as readonly string[]).includes(name)).map((name) => [name, ANY]),
  ),
  advice: FASTIFY_ADVICE,
}

/** What the instance is made of. */
export interface CreateFastify {
  readonly listen: OnePortOptions | undefined
  readonly logger: AppLogger
  readonly fastifyOptions: FastifyAppOptions | undefined
}

/** Creates the instance. It logs no requests: the access log of the app does. */
export function createFastify({ listen, logger, fastifyOptions = {} }: CreateFastify): FastifyInstance {
  const { genReqId, requestIdHeader, requestIdLogLabel, ...rest } = fastifyOptions
  const label = requestIdLogLabel === undefined ? {} : { requestIdLogLabel }
  const options = {
    ...rest,
    ...onePort(listen),
    ...loggerOptions(logger),
    logController: new LogController({ disableRequestLogging: true, ...label }),
    genReqId: noteRequestId(genReqId ?? countRequests(), headerName(requestIdHeader)),
  }
  return fastify(options as FastifyServerOptions)
}

/** The logger of an app without one: warnings and errors go to standard error, as what a handler throws must not vanish. */
export async function createDefaultLogger(): Promise<FastifyBaseLogger> {
  return createLogger(await loadPino(), { level: 'warn', format: 'json' }, STDERR)
}

function loggerOptions(logger: AppLogger): Pick<FastifyServerOptions, 'logger' | 'loggerInstance'> {
  return typeof logger === 'object' && isLogger(logger) ? { loggerInstance: logger } : { logger }
}

/** Asked for at each line: programs may replace it. */
const STDERR = { write: (line: string) => void process.stderr.write(line) }

/**
 * Whether it is a logger, and not options for one.
 *
 * @throws RangeError for a logger that cannot make children, such as `console`: as options of pino it would have no effect
 */
export function isLogger(logger: object): logger is FastifyBaseLogger {
  const { child, info } = logger as Readonly<Record<string, unknown>>
  if (typeof child === 'function') return true
  if (typeof info !== 'function') return false
  throw new RangeError('logger has no child(): pass a logger of pino or one like it, options of pino, true or false')
}

type RequestIds = NonNullable<FastifyServerOptions['genReqId']>

/** As Fastify's own: `req-1`, `req-2`, ... */
function countRequests(): RequestIds {
  let count = 0
  return () => {
    count += 1
    return `req-${count.toString(36)}`
  }
}

function headerName(requestIdHeader: string | boolean | undefined): string | undefined {
  if (requestIdHeader === true) return 'request-id'
  return requestIdHeader === false || requestIdHeader === '' ? undefined : requestIdHeader?.toLowerCase()
}

/** Passes the id on to observers. The header is read here, as Fastify would not call this function for a request that has it. */
function noteRequestId(generate: RequestIds, header: string | undefined): RequestIds {
  return (request) => {
    const sent = header === undefined ? undefined : request.headers[header]?.toString()
    const id = sent || generate(request)
    const observation = RequestObservation.of(request)
    if (observation !== undefined) observation.requestId = id
    return id
  }
}
