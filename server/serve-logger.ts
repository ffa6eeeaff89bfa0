/** Chooses the logger of `serve`: the program's own, or the one that the flags describe. */
import type { FastifyBaseLogger } from 'fastify'
import { type AppLogger, isLogger } from './create-fastify.ts'
import type { ServeValues } from './serve-options.ts'
import { type LoggedSettings, mayHaveSpans } from './serve-telemetry.ts'
import { activeSpanFields } from './telemetry/active-span.ts'
import { loadPino, type Pino } from './telemetry/load-pino.ts'
import { createLogger, type LogDestination } from './telemetry/logger.ts'

/**
 * `--log-level` also sets the level of a logger of the program if it is given, as flags come before code.
 *
 * @param destination where the log goes that the flags describe. Default: standard output
 */
export async function serveLogger(
  options: LoggedSettings,
  read: ServeValues,
  destination?: LogDestination,
): Promise<FastifyBaseLogger> {
  const { logger = true, name } = options
  const { values, given } = read
  const pino = await loadPino()
  const { 'log-level': level, 'log-format': format } = values
  const mixin = mayHaveSpans(options, read) ? activeSpanFields : undefined
  if (logger === true) return createLogger(pino, { level, format, name, mixin }, destination)
  if (logger === false) return createLogger(pino, { level: 'silent', format: 'json' })
  const log = isLogger(logger) ? logger : createPino(pino, logger, name)
  if (given.has('log-level')) log.level = level
  return log
}

/** Takes the two options of Fastify's that pino does not have. */
function createPino(
  { destination, pino }: Pino,
  { file, stream, ...options }: Exclude<AppLogger, boolean | FastifyBaseLogger>,
  name: string | undefined,
): FastifyBaseLogger {
  const settings = { ...(name === undefined ? {} : { name }), ...options }
  if (stream !== undefined) return pino(settings, stream)
  return file === undefined ? pino(settings) : pino(settings, destination(file))
}
