/** Assembles a server: the port, the plugin, health, reflection, probes, an access log and a drain. */
import type { DescMethod } from '@bufbuild/protobuf'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import { systemClock } from '../wire/http2/http2.ts'
import { checkOptions, type OptionKinds, type OptionShape } from '../wire/options/check-options.ts'
import type { AdminOptions } from './admin/admin.ts'
import { factsOf } from './admin/server-facts.ts'
import { effectiveAppOptions } from './config/effective-config.ts'
import {
  type AppLogger,
  createDefaultLogger,
  createFastify,
  FASTIFY_SHAPE,
  type FastifyAppOptions,
  isLogger,
} from './create-fastify.ts'
import { drain } from './lifecycle/drain.ts'
import { addProbes, type ShowsChecks } from './lifecycle/probes.ts'
import { type Reload, reloadsOf } from './lifecycle/reloads.ts'
import { runChecks } from './lifecycle/run-checks.ts'
import { ONE_PORT_SHAPE, type OnePortOptions } from './listen/one-port-options.ts'
import { OnePortServer } from './listen/one-port-server.ts'
import { OPENAPI_ROUTE_SHAPE, type OpenApiRouteOptions } from './openapi/serve/route-options.ts'
import { APP_ADVICE } from './other-names.ts'
import { portico } from './plugin.ts'
import { assertRoutes, PORTICO_SHAPE, type PorticoOptions, withSwitches } from './plugin-options.ts'
import { registerApp } from './registry/register-app.ts'
import { normalizeRegistrations, type RegistrationOptions } from './registry/registration-options.ts'
import { ServerRegistrations } from './registry/server-registrations.ts'
import { collectAsyncRoutes } from './rpc/collect-routes.ts'
import type { Middleware } from './rpc/middleware.ts'
import type { PorticoRouter } from './rpc/service-options.ts'
import type { HealthCheckOptions } from './services/health/health-check-options.ts'
import { HealthStatus } from './services/health/health-status.ts'
import type { Reflected } from './standard-services.ts'
import { accessLog, isAccessLog, isLogging } from './telemetry/access-log.ts'
import { METRICS_SHAPE, type MetricsOptions } from './telemetry/metrics/metrics-options.ts'
import { TELEMETRY_SHAPE, type TelemetryOptions } from './telemetry/telemetry-options.ts'
import { thisWorker } from './workers/contracts/this-worker.ts'

/** What `routes` is given besides the router. */
export interface RoutesContext {
  /** The health of the services: add checks of what they need. */
  readonly health: HealthStatus
}

/** What `createApp` takes: the options of the plugin, except for those that it sets itself. */
export interface AppOptions extends Omit<PorticoOptions, 'routes' | 'health' | 'reflection' | 'prefix'> {
  /** Registers services, as with any Connect router. It may be async. */
  readonly routes: (router: PorticoRouter, context: RoutesContext) => void
  /** The port. Default: cleartext, with the default limits. */
  readonly listen?: OnePortOptions
  /**
   * Where log lines go: `true` (JSON on standard output), options of pino, a logger, or `false` for no log. Default: warnings and
   * errors as JSON on standard error, without an access log.
   */
  readonly logger?: AppLogger
  /** Options of `fastify()`: `trustProxy`, `bodyLimit`, `ajv` and others that are not about its server or its log. Default: none. */
  readonly fastifyOptions?: FastifyAppOptions
  /** Serve grpc.health.v1.Health. Default: true. */
  readonly servesHealth?: boolean
  /**
   * Health checks by name, as for `health.addCheck`: `{ database: { check: (signal) => ping(signal) } }`. A critical one that fails
   * makes health say NOT_SERVING. Default: none.
   */
  readonly healthChecks?: Readonly<Record<string, HealthCheckOptions>>
  /**
   * Whether `/livez`, `/readyz` and `/startedz` list the checks with `?verbose`, by name and state, never with the reason of a
   * failure; or a function that decides for each request. Default: true.
   */
  readonly showsHealthChecks?: ShowsChecks
  /**
   * Serve the admin services, channelz among them: see docs/server/admin.md. `true`: to processes on this machine only. Default: false,
   * at no cost.
   */
  readonly admin?: boolean | AdminOptions
  /**
   * Serve reflection, v1 and v1alpha: of all services, or of those that it names, such as `shop.v1.ShopService`, or by the beginning of
   * their names, `shop.v1.`. Default: true.
   */
  readonly servesReflection?: Reflected
  /**
   * Record traces and metrics with OpenTelemetry, as OTEL_* variables say: true, or options of `telemetry` of
   * `portico/server/telemetry`. Needs packages of OpenTelemetry. Default: false, at no cost.
   */
  readonly telemetry?: boolean | TelemetryOptions
  /**
   * Measure calls, connections and the process, and serve the measurements to Prometheus at `/metrics`: true, or options of `metrics`
   * of `portico/server/telemetry`. Needs the package `prom-client`. Default: false, at no cost.
   */
  readonly metrics?: boolean | MetricsOptions
  /**
   * Serve the OpenAPI document of the services at `/openapi.json`, and at `/openapi.yaml` if the package `yaml` is installed: true, or
   * options of `openapi` of `portico/server/openapi`. Default: false, at no cost.
   */
  readonly openapi?: boolean | OpenApiRouteOptions
  /**
   * Keep the server registered where clients find it, such as in etcd, while it listens and is healthy; a list for several registries. See
   * docs/registry/README.md. Default: none.
   */
  readonly registration?: RegistrationOptions | readonly RegistrationOptions[]
}

const { health: _health, reflection: _reflection, prefix: _prefix, ...PLUGIN_KINDS } = PORTICO_SHAPE.kinds

/** The names of the options, and what they can be. */
export const APP_SHAPE: OptionShape = {
  kinds: {
    ...PLUGIN_KINDS,
    listen: ['object'],
    logger: ['boolean', 'object'],
    fastifyOptions: ['object'],
    admin: ['boolean', 'object'],
    servesHealth: ['boolean'],
    healthChecks: ['object'],
    showsHealthChecks: ['boolean', 'function'],
    servesReflection: ['boolean', 'array'],
    telemetry: ['boolean', 'object'],
    metrics: ['boolean', 'object'],
    openapi: ['boolean', 'object'],
    registration: ['object', 'array'],
  } satisfies OptionKinds<AppOptions>,
  nested: {
    ...PORTICO_SHAPE.nested,
    listen: ONE_PORT_SHAPE,
    fastifyOptions: FASTIFY_SHAPE,
    telemetry: TELEMETRY_SHAPE,
    metrics: METRICS_SHAPE,
    openapi: OPENAPI_ROUTE_SHAPE,
  },
  advice: APP_ADVICE,
}

/** A server that is ready to listen. */
export interface App {
  /** Add ordinary routes and plugins here; `fastify.listen` opens the port. */
  readonly fastify: FastifyInstance
  /** The methods that `routes` registered, in their order. */
  readonly methods: readonly DescMethod[]
  /** The health of each service, which you may change. All services are serving at first. */
  readonly health: HealthStatus
  /**
   * Drains: health says NOT_SERVING, `delayMs` (default 0) passes, the port closes, clients are asked to reconnect elsewhere, and
   * calls end. All of it takes `listen.drainTimeoutMs` at most. The delay ends early once no new connection has come for a quarter of
   * it, and at least a second.
   *
   * @returns whether all calls ended by themselves; false if time ran out and calls or connections were cut off
   */
  drain(delayMs?: number): Promise<boolean>
  /**
   * Reads the files of TLS again, as on SIGHUP, for new connections. If they are not valid, the old ones stay in use and the log says
   * why.
   *
   * @returns whether the files are valid; true without TLS
   */
  reloadCertificates(): boolean
  /**
   * Adds something to read again on a reload, such as a policy file. It must throw, and keep what is in use, if what it reads is not valid.
   *
   * @param name for the log and the admin service
   * @returns a function that removes it
   */
  onReload(name: string, reload: Reload): () => void
  /**
   * Reads everything again that can change while the server runs, as SIGHUP does with `serve`: the certificates, then what `onReload`
   * added. What is not valid stays as it is, and the log says why.
   *
   * @returns whether everything was valid
   */
  reload(): Promise<boolean>
}

/**
 * Creates a server with health, reflection, probes (`/livez`, `/readyz`, `/startedz`), an access log and a drain.
 *
 *     const app = await createApp({ routes: (router) => router.service(GreeterService, greeter) })
 *     await app.fastify.listen({ port: 8080 })
 *
 * @throws RangeError that names every option out of its range, or every unknown option
 */
export async function createApp(options: AppOptions): Promise<App> {
  checkOptions('createApp', options, withSwitches(APP_SHAPE, options?.protocols))
  const { listen, logger, fastifyOptions, routes, ...others } = options
  const {
    servesHealth = true,
    servesReflection = true,
    healthChecks = {},
    showsHealthChecks = true,
    admin: isAdmin = false,
    telemetry = false,
    metrics = false,
    openapi = false,
    registration,
    ...plugin
  } = others
  assertRoutes('createApp', routes)
  const registered = normalizeRegistrations('createApp', registration)
  const app = createFastify({ listen, logger: logger ?? (await createDefaultLogger()), fastifyOptions })
  const health = new HealthStatus()
  for (const [name, check] of Object.entries(healthChecks)) health.addCheck(name, check)
  const collected = await collectAsyncRoutes((router) => routes(router, { health }))
  for (const { typeName } of collected.services) health.setStatus(typeName, 'SERVING')
  const facts = factsOf(app)
  for (const log of logsOf(app, logger)) facts.logs.add(log)
  facts.config = () =>
    effectiveAppOptions({ ...others, ...(listen && { listen }), ...(fastifyOptions && { fastifyOptions }) })
  const context = { clock: systemClock, random: Math.random, log: app.log }
  const registrations = new ServerRegistrations(registered, context)
  registerApp(app, registrations, { health, isSecure: listen?.tls !== undefined })
  const logged = typeof metrics === 'object' && metrics.path !== undefined ? { quietPaths: [metrics.path] } : {}
  await app.register(portico, {
    ...plugin,
    accessLog: false,
    observers: [...(hasAccessLog(options, app) ? [accessLog(app.log, logged)] : []), ...(plugin.observers ?? [])],
    middleware: [
      ...(await telemetryOf(telemetry, plugin.middleware)),
      ...(await metricsOf(metrics)),
      ...(plugin.middleware ?? []),
      ...(await adminOf(isAdmin)),
      ...(await openapiOf(openapi)),
    ],
    routes: (router) => collected.repeat(router),
    reflection: servesReflection,
    ...(servesHealth ? { health } : {}),
  })
  if (!servesHealth) runChecks(app, health)
  const worker = thisWorker()
  if (worker !== undefined) {
    const { shareHealth } = await import('./share-health.ts')
    shareHealth(app, health, worker)
  }
  addProbes(app, { health, showsChecks: showsHealthChecks })
  return {
    fastify: app,
    health,
    methods: [...collected.methods.values()],
    drain: (delayMs = 0) => drainApp(app, { health, registrations, delayMs }),
    reloadCertificates: () => reloadCertificates(app),
    onReload: (name, reload) => reloadsOf(app).add(name, reload),
    reload: async () => (await reloadsOf(app).run()).every(({ isReloaded }) => isReloaded),
  }
}

/** Loaded on request, as most servers have no admin services. */
async function adminOf(option: AppOptions['admin']): Promise<Middleware[]> {
  if (option === undefined || option === false) return []
  const { admin } = await import('./admin/admin.ts')
  return [admin(option === true ? {} : option)]
}

/** The logger of the app, and the one that it was made from: levels do not pass from one to the other. */
function logsOf(app: FastifyInstance, logger: AppLogger | undefined): FastifyBaseLogger[] {
  return typeof logger === 'object' && isLogger(logger) ? [app.log, logger] : [app.log]
}

/** Outermost, so that it sees what the others refuse; unless the program lists it itself. Loaded on request. */
async function telemetryOf(
  option: boolean | TelemetryOptions,
  listed: readonly Middleware[] = [],
): Promise<Middleware[]> {
  if (option === false || listed.some(({ name }) => name === 'telemetry')) return []
  const { telemetry } = await import('./telemetry/telemetry.ts')
  return [telemetry(option === true ? {} : option)]
}

/** Loaded when it is used. It measures what the middleware of the program refuses, too. */
async function metricsOf(option: boolean | MetricsOptions): Promise<Middleware[]> {
  if (option === false) return []
  const { metrics } = await import('./telemetry/metrics/metrics.ts')
  return [metrics(option === true ? {} : option)]
}

/** Loaded when it is used. */
async function openapiOf(option: boolean | OpenApiRouteOptions): Promise<Middleware[]> {
  if (option === false) return []
  const { openapi } = await import('./openapi/openapi.ts')
  return [openapi(option === true ? {} : option)]
}

function hasAccessLog(
  { logger, accessLog: isWanted = true, observers = [] }: AppOptions,
  { log }: FastifyInstance,
): boolean {
  return isWanted && logger !== undefined && isLogging(log) && !observers.some(isAccessLog)
}

function reloadCertificates({ server }: FastifyInstance): boolean {
  const port: unknown = server
  return !(port instanceof OnePortServer) || port.reloadCertificates()
}

/** Given to a registry also by a drain that lets no call finish. */
const LEAST_DEREGISTER_MS = 500

/** What a drain ends, and how. */
interface AppDrain {
  readonly health: HealthStatus
  readonly registrations: ServerRegistrations
  readonly delayMs: number
}

/** Deregisters first: clients that watch a registry leave while the server still takes calls. The close waits for it. */
async function drainApp(app: FastifyInstance, { health, registrations, delayMs }: AppDrain): Promise<boolean> {
  const port: unknown = app.server
  if (!(port instanceof OnePortServer)) {
    void registrations.deregister()
    await drain(app, { health, delayMs, clock: systemClock })
    return true
  }
  port.startDrainTime()
  const { totalMs } = port.drainTime
  void registrations.deregister(Math.max(totalMs, LEAST_DEREGISTER_MS))
  await drain(app, { health, delayMs: Math.min(delayMs, totalMs), clock: systemClock })
  const { hasCutConnections, calls } = port
  if (calls.cutShort > 0) app.log.warn({ calls: calls.cutShort }, 'drain timed out and cut off calls')
  return !hasCutConnections && calls.cutShort === 0
}
