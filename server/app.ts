/** Assembles a whole server out of one port, the plugin, and what a service in production wants beside its calls. */
import type { DescMethod } from '@bufbuild/protobuf'
import { type FastifyBaseLogger, type FastifyInstance, fastify, LogController } from 'fastify'
import { checkOptions, type OptionKinds, type OptionShape } from '../wire/options/check-options.ts'
import { drain } from './lifecycle/drain.ts'
import { addProbes } from './lifecycle/probes.ts'
import { onePort } from './listen/one-port.ts'
import { ONE_PORT_SHAPE, type OnePortOptions } from './listen/one-port-options.ts'
import { OnePortServer } from './listen/one-port-server.ts'
import { RequestObservation } from './listen/request-observation.ts'
import { APP_ADVICE } from './other-names.ts'
import { portico } from './plugin.ts'
import { assertRoutes, PORTICO_SHAPE, type PorticoOptions, withSwitches } from './plugin-options.ts'
import { collectAsyncRoutes } from './rpc/collect-routes.ts'
import type { PorticoRouter } from './rpc/service-options.ts'
import { HealthStatus, WHOLE_SERVER } from './services/health/health-status.ts'
import { accessLog, isLogging } from './telemetry/access-log.ts'

/** What `createApp` takes: the options of the plugin, but for what it provides itself. */
export interface AppOptions extends Omit<PorticoOptions, 'health' | 'reflection' | 'prefix'> {
  /** Registers services, as with any Connect router. It may be async. */
  readonly routes: (router: PorticoRouter) => void
  /** The port. Default: cleartext, the limits that stand at each option. */
  readonly listen?: OnePortOptions
  /** Where log lines go: a pino logger or one like it. Default: nowhere. */
  readonly logger?: FastifyBaseLogger
  /** Serve grpc.health.v1.Health. Default: true. */
  readonly servesHealth?: boolean
  /** Serve reflection, v1 and v1alpha. Default: true. */
  readonly servesReflection?: boolean
}

const { health: _health, reflection: _reflection, prefix: _prefix, ...PLUGIN_KINDS } = PORTICO_SHAPE.kinds

/** The names of the options, and what they can be. */
export const APP_SHAPE: OptionShape = {
  kinds: {
    ...PLUGIN_KINDS,
    listen: ['object'],
    logger: ['object'],
    servesHealth: ['boolean'],
    servesReflection: ['boolean'],
  } satisfies OptionKinds<AppOptions>,
  nested: { ...PORTICO_SHAPE.nested, listen: ONE_PORT_SHAPE },
  advice: APP_ADVICE,
}

/** A server that is ready to listen. */
export interface App {
  /** Add ordinary routes and plugins here; `fastify.listen` opens the port. */
  readonly fastify: FastifyInstance
  /** The methods that `routes` registered, in their order. */
  readonly methods: readonly DescMethod[]
  /** Say here which services are serving. All are, from the start. */
  readonly health: HealthStatus
  /**
   * Ends politely: health says NOT_SERVING, `delayMs` (default 0) passes, the listener closes, clients are asked to leave,
   * calls finish.
   *
   * @returns whether all of them did: false where time ran out, so that calls were ended or connections cut
   */
  drain(delayMs?: number): Promise<boolean>
  /**
   * Reads the certificates and keys of TLS again, as for SIGHUP. New connections get them, those that are open go on. Where they cannot
   * be used, those in use stay, and the log says why.
   *
   * @returns whether it was all right; true without TLS
   */
  reloadCertificates(): boolean
}

/**
 * Creates a server with health, reflection, probes (`/livez`, `/readyz`), an access log and a drain.
 *
 *     const app = await createApp({ routes: (router) => router.service(GreeterService, greeter) })
 *     await app.fastify.listen({ port: 8080 })
 *
 * @throws RangeError that names every option out of its range, or every name that is not an option
 */
export async function createApp(options: AppOptions): Promise<App> {
  checkOptions('createApp', options, withSwitches(APP_SHAPE, options?.protocols))
  const { listen, logger, servesHealth = true, servesReflection = true, routes, ...plugin } = options
  assertRoutes('createApp', routes)
  const app: FastifyInstance = fastify({
    ...onePort(listen),
    ...(logger === undefined ? {} : { loggerInstance: logger }),
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: createRequestIds(),
  })
  const health = new HealthStatus()
  const collected = await collectAsyncRoutes(routes)
  for (const { typeName } of collected.services) health.setStatus(typeName, 'SERVING')
  await app.register(portico, {
    ...plugin,
    observers: [...(isLogging(logger) ? [accessLog(logger)] : []), ...(plugin.observers ?? [])],
    routes: (router) => collected.repeat(router),
    reflection: servesReflection,
    ...(servesHealth ? { health } : {}),
  })
  addProbes(app, () => health.getStatus(WHOLE_SERVER) === 'SERVING')
  return {
    fastify: app,
    health,
    methods: [...collected.methods.values()],
    drain: (delayMs = 0) => drainApp(app, health, delayMs),
    reloadCertificates: () => reloadCertificates(app),
  }
}

/** Numbers requests as Fastify does, so that observers have the number too. */
function createRequestIds(): (request: object) => string {
  let count = 0
  return (request) => {
    count += 1
    const id = `req-${count.toString(36)}`
    const observation = RequestObservation.of(request)
    if (observation !== undefined) observation.requestId = id
    return id
  }
}

function reloadCertificates({ server }: FastifyInstance): boolean {
  const port: unknown = server
  return !(port instanceof OnePortServer) || port.reloadCertificates()
}

async function drainApp(app: FastifyInstance, health: HealthStatus, delayMs: number): Promise<boolean> {
  await drain(app, { health, delayMs })
  const server: unknown = app.server
  if (!(server instanceof OnePortServer)) return true
  const { hasCutConnections, calls } = server
  if (calls.cutShort > 0) app.log.warn({ calls: calls.cutShort }, 'the drain ended calls that were not over')
  return !hasCutConnections && calls.cutShort === 0
}
