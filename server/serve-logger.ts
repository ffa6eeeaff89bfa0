/** Chooses the logger of `serve`: the program's own, or the one that the flags describe. */
import type { FastifyBaseLogger } from 'fastify'
import { destination, pino } from 'pino'
import { type AppLogger, isLogger } from './create-fastify.ts'
import type { ServeSettings, ServeValues } from './serve-options.ts'
import { createLogger } from './telemetry/logger.ts'

/** `--log-level` also sets the level of a logger of the program if it is given, as flags come before code. */
export function serveLogger(
  { logger = true, name }: Pick<ServeSettings, 'logger' | 'name'>,
  { values, given }: ServeValues,
): FastifyBaseLogger {
  const { 'log-level': level, 'log-format': format } = values
  if (logger === true) return createLogger({ level, format, name })
  if (logger === false) return createLogger({ level: 'silent', format: 'json' })
  const log = isLogger(logger) ? logger : createPino(logger, name)
  if (given.has('log-level')) log.level = level
  return log
}

/** Takes the two options of Fastify's that pino does not have. */
function createPino(
  { file, stream, ...options }: Exclude<AppLogger, boolean | FastifyBaseLogger>,
  name: string | undefined,
): FastifyBaseLogger {
  const settings = { ...(name === undefined ? {} : { name }), ...options }
  if (stream !== undefined) return pino(settings, stream)
  return file === undefined ? pino(settings) : pino(settings, destination(file))
}
