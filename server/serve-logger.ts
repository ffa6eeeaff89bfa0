/** Chooses the logger of `serve`: the program's own, or the one that the flags describe. */
import type { FastifyBaseLogger } from 'fastify'
import { type AppLogger, isLogger } from './create-fastify.ts'
import type { ServeSettings, ServeValues } from './serve-options.ts'
import { loadPino, type Pino } from './telemetry/load-pino.ts'
import { createLogger } from './telemetry/logger.ts'

/** `--log-level` also sets the level of a logger of the program if it is given, as flags come before code. */
export async function serveLogger(
  { logger = true, name }: Pick<ServeSettings, 'logger' | 'name'>,
  { values, given }: ServeValues,
): Promise<FastifyBaseLogger> {
  const pino = await loadPino()
  const { 'log-level': level, 'log-format': format } = values
  if (logger === true) return createLogger(pino, { level, format, name })
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
