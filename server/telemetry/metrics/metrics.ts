/** Measures the calls of a server, and serves the measurements to Prometheus or passes them to OpenTelemetry. */
import type { Server } from 'node:http'
import { checkOptions } from '../../../wire/options/check-options.ts'
import { otelRegistry } from '../../../wire/telemetry/metrics/otel-registry.ts'
import type { OtelMeter } from '../../../wire/telemetry/open-telemetry-api.ts'
import { reloadsOf } from '../../lifecycle/reloads.ts'
import type { Middleware, PreparedServer } from '../../rpc/middleware.ts'
import type { WorkerLink } from '../../workers/contracts/worker-link.ts'
import { Exposition, loadPromClient } from './exposition.ts'
import { measure } from './measure.ts'
import { configureAccess } from './metrics-access.ts'
import {
  DEFAULT_METRICS_PATH,
  MEASURED_SHAPE,
  METRICS_SHAPE,
  type MeasuredOptions,
  type MetricsOptions,
  measuredFaults,
  pageFaults,
} from './metrics-options.ts'
import { addMetricsRoute, openMetricsPort, type PageParts, pageAddress, type RenderPage } from './metrics-page.ts'
import { PrometheusRegistry } from './prometheus-registry.ts'
import { shareMetrics } from './worker-metrics.ts'

/** Middleware with an observer, for the transports of clients too. */
export type MeasuringMiddleware = Middleware & Required<Pick<Middleware, 'observer'>>

/**
 * Measures calls, connections and the process, and serves them to Prometheus. Its `observer` measures the calls of a client too, if its
 * transport has it among its observers. Needs the package `prom-client`.
 *
 *     const measured = metrics({ path: '/metrics' })
 *     await serve({ middleware: [measured], routes })
 *     const transport = createTransport({ target, observers: [measured.observer] })
 *
 * @throws RangeError that names every invalid and every unknown option
 */
export function metrics(options: MetricsOptions = {}): MeasuringMiddleware {
  checkOptions('metrics', options, METRICS_SHAPE)
  const faults = [...measuredFaults(options), ...pageFaults(options)]
  if (faults.length > 0) throw new RangeError(`metrics: ${faults.join('; ')}`)
  const registry = new PrometheusRegistry()
  const measured = measure(registry, options)
  // Plugins of one server share the page.
  const servers = new WeakSet<object>()
  const { path = DEFAULT_METRICS_PATH, port } = options
  return {
    name: 'metrics',
    observer: measured.observer,
    ...(port === undefined && { pages: { metrics: path } }),
    async prepare(server) {
      measured.prepare(server)
      if (server.app !== undefined && servers.has(server.app.server)) return
      if (server.app !== undefined) servers.add(server.app.server)
      await servePage(registry, options, server)
    },
  }
}

/**
 * Measures calls, connections and the process with a meter of OpenTelemetry, whose SDK exports them. It observes both ends, as `metrics`
 * does.
 *
 *     await serve({ middleware: [otelMetrics(meterProvider.getMeter('shop'))], routes })
 *
 * @throws RangeError that names every invalid and every unknown option
 */
export function otelMetrics(meter: OtelMeter, options: MeasuredOptions = {}): MeasuringMiddleware {
  checkOptions('otelMetrics', options, MEASURED_SHAPE)
  const faults = measuredFaults(options)
  if (faults.length > 0) throw new RangeError(`otelMetrics: ${faults.join('; ')}`)
  const { observer, prepare } = measure(otelRegistry(meter), options)
  return { name: 'metrics', observer, prepare }
}

async function servePage(
  registry: PrometheusRegistry,
  options: MetricsOptions,
  { app, log, worker }: PreparedServer,
): Promise<void> {
  const { path = DEFAULT_METRICS_PATH, port, host = '127.0.0.1', authorize, tokenFile, registries } = options
  const { access, reload } = configureAccess({ authorize, tokenFile, hasOwnPort: port !== undefined })
  const exposition = new Exposition(await loadPromClient(), registry, registries)
  const parts: PageParts = {
    path,
    access,
    render: worker === undefined ? (accept) => exposition.render(accept) : renderOfAll(exposition, { app, worker }),
    onFault: (error) => log.error({ err: error }, 'metrics could not be collected'),
  }
  if (app !== undefined && tokenFile !== undefined && reload !== undefined) {
    const remove = reloadsOf(app).add(tokenFile, reload)
    app.addHook('onClose', async () => void remove())
  }
  if (port !== undefined) {
    const server = await openMetricsPort(parts, { port, host })
    // The port of the server keeps the process running, or nothing does.
    server.unref()
    app?.addHook('onClose', () => closePort(server))
    log.info({ url: pageAddress(server, path), readers: readersOf(options) }, 'metrics are served')
  } else if (app !== undefined) {
    addMetricsRoute(app, parts)
    log.info({ path: app.prefix + path, readers: readersOf(options) }, 'metrics are served')
  } else throw new Error('metrics: nodeHandler has no routes for the page: set port')
}

/** Every worker answers for all. */
function renderOfAll(
  exposition: Exposition,
  { app, worker }: { readonly app: PreparedServer['app']; readonly worker: WorkerLink },
): RenderPage {
  const shared = shareMetrics(worker, () => exposition.read())
  app?.addHook('onClose', () => shared.report())
  return async (accept) => exposition.renderValues(accept, await shared.collect())
}

async function closePort(server: Server): Promise<void> {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
}

/** Says in the log who may read the page. */
function readersOf({ authorize, tokenFile, port }: MetricsOptions): string {
  const checks = [...(tokenFile === undefined ? [] : ['token']), ...(authorize === undefined ? [] : ['authorize'])]
  if (checks.length > 0) return checks.join(' and ')
  return port === undefined ? 'this machine' : 'all'
}
