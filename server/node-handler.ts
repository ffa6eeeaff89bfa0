/** Serves calls on a Node server without Fastify: node:http, node:http2, Express, API routes of Next. */
import { Readable } from 'node:stream'
import { inspect } from 'node:util'
import { normalizeHttp2Options } from '../wire/http2/http2.ts'
import { checkOptions, type OptionKinds, type OptionShape } from '../wire/options/check-options.ts'
import { warnOfUnenforcedAuth } from './auth/unenforced-auth.ts'
import { type ErrorLog, guardLog } from './interceptors/call-outcome.ts'
import { ObserverList } from './observing/observer-list.ts'
import { NODE_HANDLER_ADVICE } from './other-names.ts'
import {
  DEFAULT_MAX_TIMEOUT_MS,
  normalizePorticoOptions,
  PORTICO_SHAPE,
  type PorticoOptions,
  withSwitches,
} from './plugin-options.ts'
import { exemptStream } from './routed/exempt-stream.ts'
import { createNodeTransport } from './routed/node-transport.ts'
import { apiFactsOf } from './rpc/api-facts.ts'
import { collectRoutes, typeRegistryOf } from './rpc/collect-routes.ts'
import { NodeHead, type NodeRequest, type NodeResponse } from './rpc/exchange/node-request.ts'
import {
  type Middleware,
  metricSourcesOf,
  observersOf,
  type PreparedServer,
  prepareMiddleware,
} from './rpc/middleware.ts'
import { createNativeLane } from './rpc/native-lane.ts'
import { ServedRoutes } from './standard-services.ts'
import { thisWorker } from './workers/contracts/this-worker.ts'

/** The options of `nodeHandler`: those of the plugin that concern calls. */
export interface NodeHandlerOptions
  extends Omit<
    PorticoOptions,
    'lane' | 'bypassHooks' | 'contextValues' | 'accessLog' | 'rest' | 'console' | 'webSocket'
  > {
  /** Receives unexpected errors. Default: standard error. */
  readonly log?: ErrorLog
}

/** Answers a request, or passes it to `next`. Without `next`, anything but a call gets a 404. */
export type NodeMiddleware = (request: NodeRequest, response: NodeResponse, next?: (error?: unknown) => void) => void

const {
  lane: _lane,
  bypassHooks: _hooks,
  contextValues: _values,
  accessLog: _log,
  rest: _rest,
  console: _console,
  webSocket: _webSocket,
  ...PLUGIN_KINDS
} = PORTICO_SHAPE.kinds

const SHAPE: OptionShape = {
  ...PORTICO_SHAPE,
  kinds: { ...PLUGIN_KINDS, log: ['object'] } satisfies OptionKinds<NodeHandlerOptions>,
  advice: NODE_HANDLER_ADVICE,
}

/**
 * Creates a handler for `http.createServer`, `http2.createServer`, `app.use` of Express, or an API route of Next.
 *
 *     http2.createServer(nodeHandler({ routes(router) { router.service(GreeterService, greeter) } })).listen(8080)
 *
 * Nothing may have read the body before, except a parser that leaves it in `request.body`. In Next, set the option
 * `prefix: '/api'`, and also export `config = { api: { bodyParser: false, externalResolver: true } }`.
 *
 * @throws RangeError that names every invalid and every unknown option
 */
export function nodeHandler(init: NodeHandlerOptions): NodeMiddleware {
  checkOptions('nodeHandler', init, withSwitches(SHAPE, init?.protocols))
  const { log = STDERR, ...plugin } = init
  const options = normalizePorticoOptions(plugin)
  const { shutdownSignal = new AbortController().signal, maxTimeoutMs = DEFAULT_MAX_TIMEOUT_MS } = options
  const routes = new ServedRoutes().add(collectRoutes(options.routes), options)
  const observers = new ObserverList()
  observers.add([...observersOf(options.middleware), ...options.observers], (thrown) =>
    guardLog(log).error({ err: thrown }, 'call observer failed'),
  )
  const registry = typeRegistryOf(routes.services, options.registry)
  const start = new StartGate()
  const middleware = options.middleware.some(({ prepare }) => prepare)
    ? [start, ...options.middleware]
    : options.middleware
  const laneOptions = { ...options, middleware, log, observers, shutdownSignal, maxTimeoutMs, registry }
  const lane = createNativeLane(routes, laneOptions)
  const prepared = {
    app: undefined,
    methods: [...routes.methods.values()],
    log: handlerLog(log),
    api: apiFactsOf({ ...options, hasWebSockets: false }, ''),
    metricSources: metricSourcesOf(options.middleware),
    worker: thisWorker(),
  }
  warnOfUnenforcedAuth(options.middleware, prepared)
  start
    .waitFor(prepareMiddleware(options.middleware, prepared))
    .catch((error: unknown) => guardLog(log).error({ err: error }, 'middleware failed to start'))
  const paths = new Set(lane.paths)
  const budget = normalizeHttp2Options('server')

  return function handleCall(request, response, next) {
    const path = request.url?.split('?', 1)[0] ?? ''
    const head = new NodeHead(request)
    const isServed = paths.has(path) || lane.protocolRouteOf(head)?.hasVerb === true
    const isPreflight = request.method === 'OPTIONS' && options.cors === undefined
    if (next !== undefined && (!isServed || isPreflight)) {
      next()
      return
    }
    const transport = createNodeTransport(request, response, { head, budget })
    const body = parsedBodyOf(request)
    if (body !== undefined) transport.readFrom(Readable.from([body]))
    const call = lane.open(transport)
    if (call === null) return
    if (call.plan.entry.kind !== 'unary') exemptStream(request, response)
    call.start()
  }
}

const STDERR: ErrorLog = { error: (fields, message) => void process.stderr.write(`${message}: ${inspect(fields)}\n`) }

/** Holds the calls that come before all middleware is prepared. If that fails, none passes. */
class StartGate implements Middleware {
  readonly name = 'start'
  #preparing: Promise<void> | null = null

  readonly requestGate = () => this.#preparing ?? undefined

  async waitFor(preparing: Promise<void>): Promise<void> {
    this.#preparing = preparing
    await preparing
    this.#preparing = null
  }
}

/** A handler reports errors only. */
function handlerLog(log: ErrorLog): PreparedServer['log'] {
  const { error } = guardLog(log)
  const silent = () => {}
  return { debug: silent, info: silent, warn: silent, error: error as PreparedServer['log']['error'] }
}

/** Restores the bytes that a body parser, such as that of Express or of Next, has read, as far as possible. */
function parsedBodyOf(request: NodeRequest & { readonly body?: unknown }): Uint8Array | undefined {
  const { body, readableEnded } = request
  if (!readableEnded || body === undefined || body === null) return undefined
  if (body instanceof Uint8Array) return body
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
}
