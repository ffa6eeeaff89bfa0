/** Decides whether a program that runs with `serve` records telemetry. */
import type { FastifyBaseLogger } from 'fastify'
import type { AppOptions } from './app.ts'
import type { Middleware } from './rpc/middleware.ts'
import type { ServeSettings, ServeValues } from './serve-options.ts'
import { otelVariable } from './telemetry/otel/otel-settings.ts'

/**
 * The flag comes first, then the option in code, then the OTEL_* variables that name a destination. Those may be meant for other programs
 * on the machine, so that packages that are missing are then no failure to start.
 */
export async function telemetryOf(
  options: ServeSettings,
  { values, given }: ServeValues,
  log: FastifyBaseLogger,
): Promise<NonNullable<AppOptions['telemetry']>> {
  const { telemetry: inCode, name, env = process.env } = options
  const flag = given.has('telemetry') ? values.telemetry : undefined
  const wanted = flag ?? inCode ?? (await isAskedFor(otelVariable(env), log))
  if (wanted === false) return false
  return { ...(name !== undefined && { serviceName: name }), ...(typeof inCode === 'object' && inCode) }
}

/** What decides whether there are spans. */
export interface LoggedSettings extends ServeSettings {
  readonly middleware?: readonly Middleware[] | ((context: never) => unknown)
}

/** Whether a handler may find an active span, so that the log looks for one. */
export function mayHaveSpans(
  { telemetry, middleware = [], env = process.env }: LoggedSettings,
  { values }: ServeValues,
): boolean {
  // A function makes its list later, and with this log.
  const mayBeListed = typeof middleware === 'function' || middleware.some(({ name }) => name === 'telemetry')
  return mayBeListed || values.telemetry || (telemetry ?? otelVariable(env) !== undefined) !== false
}

async function isAskedFor(variable: string | undefined, log: FastifyBaseLogger): Promise<boolean> {
  if (variable === undefined) return false
  const { loadOtelSdk, MissingPackage } = await import('./telemetry/otel/load-packages.ts')
  try {
    await loadOtelSdk()
    return true
  } catch (error) {
    if (!(error instanceof MissingPackage)) throw error
    log.warn({ variable }, `telemetry is off: ${error.message}`)
    return false
  }
}
