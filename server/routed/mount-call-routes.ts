/** Mounts a Fastify route for each method, so that hooks run for its calls as for any request. */
import { METHODS } from 'node:http'
import type { Readable } from 'node:stream'
import type {
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  HookHandlerDoneFunction,
  HTTPMethods,
  onErrorHookHandler,
  onSendHookHandler,
} from 'fastify'
import type { LaneRoute } from '../rpc/native-lane.ts'
import { CallRoute } from './call-route.ts'
import { serializeAnswer } from './foreign-error.ts'
import { type RoutedCall, routedCallOf } from './routed-call.ts'
import { addFirstHook, type HookFunction } from './scope-hooks.ts'

/** The longest timer, 24 days: Fastify has no value for "never". */
const LONGEST_TIMEOUT_MS = 2_147_483_647

/** Creates the call of a request before any hook sees it. */
export type OpenCall = (route: CallRoute, request: FastifyRequest, reply: FastifyReply) => RoutedCall

/** What the routes are made from. */
export interface CallRoutesInit {
  readonly routes: readonly LaneRoute[]
  /** HTTP methods besides those of calls. The routes answer them so that callers learn what is wrong. */
  readonly otherVerbs: readonly HTTPMethods[]
  readonly openCall: OpenCall
}

/** The mounted routes. */
export interface CallRoutes {
  readonly routes: readonly CallRoute[]
  /** The paths of methods, among those of the routes. */
  readonly methodPaths: ReadonlySet<string>
  /** Our own functions among the hooks of the routes. */
  readonly own: ReadonlySet<HookFunction>
}

/** Mounts the routes on a scope that has no others: it parses no bodies. */
export function mountCallRoutes(scope: FastifyInstance, init: CallRoutesInit): CallRoutes {
  const { routes: given, otherVerbs, openCall } = init
  const routes = new Map<string, CallRoute>()
  /** The first hook of all, so that the deadline counts from here, and a call refused for its head runs no hook. */
  function onRequestCall(request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction): void {
    const route = routes.get(pathOf(request)) ?? routes.get(patternOf(request))
    if (route === undefined || openCall(route, request, reply).isWaiting) done()
  }
  /** The call reads its body itself, in any content type. */
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', keepBody)
  addFirstHook(scope, onRequestCall)
  scope.addHook('onRoute', (options) => {
    const path = scope.prefix + options.routePath
    if (!routes.has(path)) routes.set(path, new CallRoute(path, options))
  })
  /** A timeout of handlers would end streams, which have their own deadlines. */
  const { handlerTimeout = 0 } = scope.initialConfig as { readonly handlerTimeout?: number }
  for (const { path, verbs } of given) {
    const known = knownVerbs(scope, verbs)
    scope.route({
      method: [...known, ...otherVerbs.filter((other) => !known.some((verb) => verb === other))],
      url: path,
      handler: handleCall,
      onError: [noteError],
      onSend: [passOnSend],
      schema: { hide: true, response: { default: {} } },
      serializerCompiler: () => serializeAnswer,
      exposeHeadRoute: false,
      ...(handlerTimeout > 0 ? { handlerTimeout: LONGEST_TIMEOUT_MS } : {}),
    })
  }
  return {
    routes: [...routes.values()],
    methodPaths: new Set(given.filter(({ isMethod }) => isMethod).map(({ path }) => scope.prefix + path)),
    own: new Set<HookFunction>([onRequestCall, noteError, passOnSend, handleCall]),
  }
}

/** Lets Fastify route more methods than its own, such as SEARCH. Those that node:http cannot parse never reach it. */
function knownVerbs(scope: FastifyInstance, verbs: readonly string[]): string[] {
  const known = verbs.filter((verb) => METHODS.includes(verb))
  for (const verb of known) {
    if (!scope.supportedMethods.some((supported) => supported === verb)) scope.addHttpMethod(verb, { hasBody: true })
  }
  return known
}

/** Replaces the body parsers, because the call reads the body itself. */
function keepBody(request: FastifyRequest, body: Readable, done: (error: null) => void): void {
  const call = routedCallOf(request)
  if (call !== undefined) call.body = body
  done(null)
}

/** The path only looked like that of a method, so the request gets a 404. */
function handleCall(request: FastifyRequest, reply: FastifyReply): FastifyReply | undefined {
  const call = routedCallOf(request)
  if (call === undefined) {
    reply.callNotFound()
    return reply
  }
  return call.start()
}

/** Runs before the error handlers of the app, which then answer. */
const noteError: onErrorHookHandler = (request, _reply, error, done) => {
  routedCallOf(request)?.onHookError(error)
  done()
}

/** Runs after all other `onSend` hooks, and stops Fastify from sending what the call sends itself. */
const passOnSend: onSendHookHandler = (request, _reply, payload, done) => {
  const call = routedCallOf(request)
  if (call === undefined || call.passOnSend(payload)) done(null, payload)
}

/**
 * Paths are compared literally. What only Fastify's router considers equal, such as another case, is not the path of a
 * method.
 */
function pathOf({ raw: { url = '' } }: FastifyRequest): string {
  const mark = url.indexOf('?')
  return mark < 0 ? url : url.slice(0, mark)
}

/** A protocol with patterns of its own matches them itself. */
function patternOf({ routeOptions: { url = '' } }: FastifyRequest): string {
  return /[:*]/.test(url) ? url : ''
}
