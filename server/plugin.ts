/** The Fastify plugin that serves protobuf services. It assembles the parts of server/rpc. */
import type { Http2Server } from 'node:http2'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { normalizeHttp2Options } from '../wire/http2/http2.ts'
import { factsOf } from './admin/server-facts.ts'
import { warnOfUnenforcedAuth } from './auth/unenforced-auth.ts'
import { effectiveAppOptions } from './config/effective-config.ts'
import { hasOtherRoute, hasRoute } from './has-route.ts'
import { guardLog } from './interceptors/call-outcome.ts'
import { reloadsOf } from './lifecycle/reloads.ts'
import { runChecks } from './lifecycle/run-checks.ts'
import { OnePortServer } from './listen/one-port-server.ts'
import { RequestObservation } from './listen/request-observation.ts'
import { ObserverList } from './observing/observer-list.ts'
import {
  DEFAULT_MAX_TIMEOUT_MS,
  normalizePorticoOptions,
  type PorticoOptions,
  type ResolvedPorticoOptions,
} from './plugin-options.ts'
import { quietRequests } from './quiet-requests.ts'
import { corsHook } from './reference/call-hooks.ts'
import { createHttp2Front } from './reference/node-http2-front.ts'
import { answerUnservedCall, callerProtocolOf, isCallPreflight } from './reference/refuse-call.ts'
import { withRest } from './rest/with-rest.ts'
import { createOpenCall } from './routed/create-open-call.ts'
import { keepSilentStreams, keepSlowStreams } from './routed/exempt-stream.ts'
import { mountCallRoutes } from './routed/mount-call-routes.ts'
import { routeCalls } from './routed/route-calls.ts'
import { watchUnserved } from './routed/watch-unserved.ts'
import { apiFactsOf } from './rpc/api-facts.ts'
import { type CollectedRoutes, collectAsyncRoutes, registeredTwice, typeRegistryOf } from './rpc/collect-routes.ts'
import { createCutSignal, createDrainSignal, type DrainTime } from './rpc/drain-signal.ts'
import type { LaneOptions } from './rpc/lane.ts'
import { metricSourcesOf, observersOf, prepareMiddleware } from './rpc/middleware.ts'
import { createNativeLane } from './rpc/native-lane.ts'
import { servedRoutesOf } from './standard-services.ts'
import { accessLog, isAccessLog, isLogging } from './telemetry/access-log.ts'
import { thisWorker } from './workers/contracts/this-worker.ts'

/** How long calls may continue once Fastify closes, for servers without `onePort`. */
const DEFAULT_DRAIN_TIME: DrainTime = Object.freeze({ totalMs: 25_000, leftMs: () => 25_000 })

/** The name of the certificates among what a server reloads. */
const CERTIFICATES = 'certificates'

/** The memory budget of calls, for servers without `onePort`. */
const DEFAULT_BUDGET = normalizeHttp2Options('server')

/**
 * Serves the services that `routes` registers over gRPC, gRPC-Web and Connect.
 *
 *     await app.register(portico, { routes(router) { router.service(GreeterService, greeter) } })
 *
 * On a Fastify made with `onePort()` one port serves all of them. On any other Fastify its server decides which protocols arrive, and
 * the log says so.
 *
 * Several plugins on one server share one health and one reflection service.
 *
 * @throws RangeError from `register` that names every option out of its range, every unknown option, or a method that is registered
 *   twice
 */
export const portico = Object.assign(mountPortico, {
  // The contract of fastify-plugin: no scope of its own, so that hooks and decorators reach the caller's Fastify.
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: 'portico',
  [Symbol.for('plugin-meta')]: { name: 'portico', fastify: '5.x' },
})

async function mountPortico(app: FastifyInstance, init: PorticoOptions): Promise<void> {
  const options = normalizePorticoOptions(init)
  const prefix = app.prefix + options.prefix
  const served = servedRoutesOf(app.server, prefix)
  const own = await collectAsyncRoutes(options.routes)
  const routes = served.add(own, options)
  assertFree(app, prefix, routes)
  if (options.health !== undefined) runChecks(app, options.health)
  const port = portOf(app)
  if (port?.options.tls !== undefined) reloadWithCertificates(app, port)
  const observers = addObservers(app, port, options)
  const drainTime = port?.drainTime ?? DEFAULT_DRAIN_TIME
  const laneOptions = {
    ...options,
    observers,
    trustProxy: port?.calls.trustProxy ?? null,
    shutdownSignal: createDrainSignal(app, drainTime, options.shutdownSignal),
    cutSignal: port?.cutSignal ?? createCutSignal(app, drainTime),
    onCutShort: () => port?.calls.noteCutShort(),
    maxTimeoutMs: options.maxTimeoutMs ?? port?.options.maxTimeoutMs ?? DEFAULT_MAX_TIMEOUT_MS,
    registry: typeRegistryOf(routes.services, options.registry),
  }
  describe(app, init, { options, routes })
  warnOfUnenforcedAuth(options.middleware, { methods: [...routes.methods.values()], log: app.log })
  const api = apiFactsOf({ ...options, hasWebSockets: options.hasWebSockets && port !== undefined }, app.prefix)
  await prepareMiddleware(options.middleware, {
    app,
    methods: [...routes.methods.values()],
    log: app.log,
    api,
    metricSources: [...(port?.connectionCounts.metricSources ?? []), ...metricSourcesOf(options.middleware)],
    worker: thisWorker(),
  })
  if (options.console !== undefined) {
    // Loaded when it is used.
    const { addConsole } = await import('./add-console.ts')
    const shown = { options: { ...options, console: options.console }, api, routes, own, types: served.described }
    await addConsole(app, shown)
  }
  if (options.lane === 'native') await mountNativeLane({ app, port, routes }, laneOptions)
  else await mountOnFastify({ app, port, routes }, laneOptions)
}

/** Returns all observers of the server, with those of the plugin. */
function addObservers(
  { log }: FastifyInstance,
  port: OnePortServer | undefined,
  { hasAccessLog, lane, middleware, observers }: ResolvedPorticoOptions,
): ObserverList {
  const all = port?.calls.observers ?? new ObserverList()
  const canLog = hasAccessLog && isLogging(log) && (port !== undefined || lane === 'native')
  const added = canLog && !all.some(isAccessLog) ? [accessLog(log, { requests: false })] : []
  all.add([...added, ...observersOf(middleware), ...observers], (thrown) =>
    guardLog(log).error({ err: thrown }, 'call observer failed'),
  )
  return all
}

/** For the admin service. */
function describe(
  app: FastifyInstance,
  init: PorticoOptions,
  { options, routes }: { readonly options: ResolvedPorticoOptions; readonly routes: CollectedRoutes },
): void {
  const facts = factsOf(app)
  facts.config ??= () => effectiveAppOptions(init)
  facts.logs.add(app.log)
  facts.lanes.add(options.lane)
  facts.middleware.push(...options.middleware.map(({ name }) => name))
  facts.methods.push(...routes.methods.values())
}

/** Plugins of one port share its certificates. */
function reloadWithCertificates(app: FastifyInstance, port: OnePortServer): void {
  const reloads = reloadsOf(app)
  if (!reloads.has(CERTIFICATES)) reloads.add(CERTIFICATES, () => port.reloadCertificates())
}

/** Fastify's own error would name the route only. */
function assertFree(app: FastifyInstance, prefix: string, { methods }: CollectedRoutes): void {
  for (const [path, method] of methods) {
    if (hasRoute(app, 'POST', prefix + path))
      throw registeredTwice(method, 'leave out the route that Fastify has for it')
  }
}

/** The place where calls are mounted. */
interface Mount {
  readonly app: FastifyInstance
  readonly port: OnePortServer | undefined
  readonly routes: CollectedRoutes
}

/** The options of both lanes. */
type MountOptions = Omit<ResolvedPorticoOptions, 'observers' | keyof LaneOptions> &
  LaneOptions & { readonly observers: ObserverList }

function portOf(app: FastifyInstance): OnePortServer | undefined {
  const server: unknown = app.server
  if (server instanceof OnePortServer) return server
  app.log.warn('portico: this Fastify was not made with onePort(), so its own server decides which protocols arrive')
  return undefined
}

/**
 * Adds a Fastify route for each method. The port answers calls whose route has no hooks before Fastify sees them. All others, those of
 * `app.inject()`, and all calls on servers that are not ours go through Fastify.
 */
async function mountNativeLane({ app, port, routes }: Mount, options: MountOptions): Promise<void> {
  const protocols = await withRest(options, [...routes.methods.values()])
  const lane = createNativeLane(routes, { ...options, protocols, prefix: app.prefix + options.prefix, log: app.log })
  const budget = port?.options.http2 ?? DEFAULT_BUDGET
  port?.calls.addLane(lane)
  if (options.hasWebSockets) await port?.addWebSockets()
  if (port === undefined) mountOnForeignServer(app)
  else {
    port.calls.hasRoute = (method, path) => hasRoute(app, method, path)
    port.calls.hasOtherRoute = (method, path, url) => hasOtherRoute(app, { method, path, url })
  }
  const otherVerbs = port === undefined ? app.supportedMethods : []
  const mount = async (scope: FastifyInstance) => {
    const { contextValues } = options
    const isServerForeign = port === undefined
    const openCall = createOpenCall({ lane, log: app.log, budget, contextValues, isServerForeign })
    if (options.observers.some(isAccessLog)) quietRequests(scope, () => true)
    const made = mountCallRoutes(scope, { routes: lane.routes, otherVerbs, openCall })
    app.addHook('onReady', async () => {
      const own = new Set([...made.own, answerUnservedCall])
      const decided = routeCalls({ ...made, own, scope, bypassed: options.bypassHooks, cause: causeOf(port, options) })
      port?.calls.addHooked({ ...decided, watch: watchUnserved })
    })
  }
  await app.register(mount, { prefix: options.prefix })
}

/** Does for calls what the port would do. */
function mountOnForeignServer(app: FastifyInstance): void {
  app.addHook('onRequest', answerUnservedCall)
  const { connectionTimeout = 0, http2 } = app.initialConfig
  if (http2 !== true) keepSlowStreams(app.server)
  else if (connectionTimeout > 0) keepSilentStreams(app.server as unknown as Http2Server)
}

/** Why all calls go through Fastify; undefined if that depends on their hooks. */
function causeOf(port: OnePortServer | undefined, { contextValues }: MountOptions): string | undefined {
  if (port === undefined) return 'its server was not made with onePort()'
  if (contextValues !== undefined) return 'contextValues is given the Fastify request'
  return port.calls.mayRewrite ? 'rewriteUrl may make calls of other requests, and other requests of calls' : undefined
}

/** Mounts the reference lane: calls are routes of Fastify, with every hook of the scope. */
async function mountOnFastify({ app, port, routes }: Mount, options: MountOptions): Promise<void> {
  const prefix = app.prefix + options.prefix
  const methods = new Map(Array.from(routes.methods, ([path, method]) => [prefix + path, method]))
  const { cors } = options
  const corsFields = cors && ((origin: string | undefined) => cors.responseFields(origin))
  port?.calls.addReference({ methods, protocols: options.protocols, createHttp2Front, corsFields })
  if (cors !== undefined) {
    const hook = corsHook(cors, (request) => isCall(request, methods))
    app.addHook('onRequest', hook)
  }
  app.addHook('onRequest', answerUnservedCall)
  // Loaded on request: it needs packages that the native lane does without.
  const { mountReferenceLane } = await import('./reference/reference-lane.ts')
  const mount = async (scope: FastifyInstance) => {
    // Requests of inject() do not come through the port, where those of this lane are observed.
    if (options.observers.some(isAccessLog)) {
      quietRequests(scope, ({ raw }) => RequestObservation.of(raw) !== undefined)
    }
    await mountReferenceLane(scope, routes, options)
  }
  await app.register(mount, { prefix: options.prefix })
}

function isCall(request: FastifyRequest, methods: ReadonlyMap<string, unknown>): boolean {
  return (
    methods.has(request.url.split('?', 1)[0] ?? '') ||
    callerProtocolOf(request.raw) !== undefined ||
    isCallPreflight(request.raw)
  )
}
